package redis

import (
	"context"
	_ "embed"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"invisibleart.example/gallery/presence"
)

const (
	// presenceBeat is how often a node confirms who is before each of its works,
	// and presenceLease how long that holds: a node that dies takes its people
	// away within 15 s, and one beat that is lost costs nobody their place.
	presenceBeat  = 4 * time.Second
	presenceLease = 12 * time.Second
	// presenceLives is how many leases the keys of a work outlive the last word
	// about it: long enough for whoever counts next to find the dead and take
	// their people away, and no works are kept for ever.
	presenceLives = 5

	// countPatience bounds a count: a page waits for it.
	countPatience = 250 * time.Millisecond
)

//go:embed presence_forget.lua
var presenceForget string

//go:embed presence_tell.lua
var presenceTell string

//go:embed presence_count.lua
var presenceCount string

// Presence is the [presence.Tracker] of many nodes. Each keeps its own count and
// tells Redis of changes, a few hundred at a time, and every 4 s that it still
// stands by the rest. So nothing depends on what Redis remembers: one that comes
// back empty, or falls over to a replica that missed something, knows everything
// again within a beat, and meanwhile each node has its own count to go by.
//
// Of each work Redis has, under keys with one hash tag: the nodes with the ends
// of their leases by Redis' own clock, each node's people, on how many nodes each
// person is, and each node's anonymous sockets. Whoever comes across a node whose
// lease is over takes its people away.
type Presence struct {
	client      *Client
	node        string
	tell, count *rueidis.Lua
	beat, lease time.Duration
	rise        func(artworkID string)

	wake chan struct{} // a token for each teller that has something to do

	mu    sync.Mutex
	rooms map[string]*room // those with somebody in them, or of which Redis has yet to be told
	queue []*room
	ticks int // since Run began
}

// NewPresence makes the tracker of a node that shares c's Redis with others.
// The name must be the node's own, and better another after each start. Run must
// be running for the others to hear of this one's people.
func NewPresence(c *Client, node string) *Presence {
	return &Presence{
		client: c, node: node,
		tell:  rueidis.NewLuaScript(presenceForget + presenceTell),
		count: rueidis.NewLuaScript(presenceForget + presenceCount),
		beat:  presenceBeat, lease: presenceLease,
		rise:  func(string) {},
		wake:  make(chan struct{}, tellers),
		rooms: map[string]*room{},
	}
}

// OnRise implements [presence.Tracker].
func (p *Presence) OnRise(fn func(artworkID string)) { p.rise = fn }

// Enter implements [presence.Tracker]. The rise is told when Redis has heard of
// it, or has not answered.
func (p *Presence) Enter(artworkID, userID string) (leave func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.room(artworkID)
	r.enter(userID)
	p.enqueue(r)
	s := &stay{presence: p, room: r, userID: userID}
	return s.leave
}

// room finds or makes the room of a work. The caller holds the lock.
func (p *Presence) room(artworkID string) *room {
	r := p.rooms[artworkID]
	if r == nil {
		r = &room{artworkID: artworkID, people: map[string]*person{}, changed: map[string]struct{}{}}
		p.rooms[artworkID] = r
	}
	return r
}

// stay is one socket's time before a work.
type stay struct {
	presence *Presence
	room     *room // stays in Presence.rooms as long as somebody is in it
	userID   string
	over     atomic.Bool
}

func (s *stay) leave() {
	if s.over.Swap(true) {
		return // counted out twice, it would take somebody else's place away
	}
	p := s.presence
	p.mu.Lock()
	defer p.mu.Unlock()
	s.room.leave(s.userID)
	p.enqueue(s.room)
}

// Crowd implements [presence.Tracker]. What this node has itself counts in any
// case: Redis may have lost it, or be told of it only now.
func (p *Presence) Crowd(ctx context.Context, artworkID, artistID string) (presence.Crowd, error) {
	own := p.own(artworkID, artistID)
	all, err := p.ask(ctx, artworkID, artistID)
	if ctx.Err() != nil {
		return own, fmt.Errorf("count who is before artwork %s: %w", artworkID, context.Cause(ctx))
	}
	if err != nil {
		p.doubt(artworkID)
		return own, nil
	}
	return presence.Crowd{People: max(own.People, all.People), Visitors: max(own.Visitors, all.Visitors)}, nil
}

func (p *Presence) own(artworkID, artistID string) presence.Crowd {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[artworkID]
	if r == nil {
		return presence.Crowd{}
	}
	c := presence.Crowd{People: r.here, Visitors: r.here + r.anonymous}
	if artist := r.people[artistID]; artist != nil && artist.sockets > 0 {
		c.People--
	}
	return c
}

func (p *Presence) ask(ctx context.Context, artworkID, artistID string) (presence.Crowd, error) {
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	keys := p.keys(artworkID)
	n, err := p.client.script(ctx, p.count, keys.shared(), []string{keys.sets, artistID}).AsIntSlice()
	if err != nil {
		return presence.Crowd{}, err
	}
	people, artist, anonymous := n[0], n[1], n[2]
	return presence.Crowd{People: people - artist, Visitors: people + anonymous}, nil
}

// doubt has the rise told once more when Redis answers: who has just counted
// without the other nodes may have missed the moment.
func (p *Presence) doubt(artworkID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.room(artworkID)
	if !r.doubt {
		r.doubt, r.due = true, p.ticks+retryTicks
	}
}

// presenceKeys are the names of the keys of one work.
type presenceKeys struct{ nodes, users, anonymous, sets string }

func (p *Presence) keys(artworkID string) presenceKeys {
	name := func(part string) string { return p.client.key("{presence:"+artworkID+"}", part) }
	return presenceKeys{name("nodes"), name("users"), name("anonymous"), name("of:")}
}

func (k presenceKeys) shared() []string { return []string{k.nodes, k.users, k.anonymous} }
