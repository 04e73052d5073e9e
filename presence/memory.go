package presence

import (
	"context"
	"sync"
	"sync/atomic"
)

// Memory is the Tracker of a single node.
type Memory struct {
	rise func(artworkID string)

	mu    sync.Mutex
	rooms map[string]*room // only those with somebody in them
}

// room is what stands before one work.
type room struct {
	sockets   map[string]int // by person
	anonymous int64
}

// NewMemory makes a Tracker that counts nobody yet.
func NewMemory() *Memory {
	return &Memory{rise: func(string) {}, rooms: map[string]*room{}}
}

// OnRise implements [Tracker].
func (m *Memory) OnRise(fn func(artworkID string)) { m.rise = fn }

// Enter implements [Tracker].
func (m *Memory) Enter(artworkID, userID string) (leave func()) {
	if m.enter(artworkID, userID) {
		m.rise(artworkID) // without the lock, under which fn might ask for the crowd
	}
	s := &stay{memory: m, artworkID: artworkID, userID: userID}
	return s.leave
}

// enter tells whether there is one person more.
func (m *Memory) enter(artworkID, userID string) (grown bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[artworkID]
	if r == nil {
		r = &room{sockets: map[string]int{}}
		m.rooms[artworkID] = r
	}
	if userID == "" {
		r.anonymous++
		return false
	}
	r.sockets[userID]++
	return r.sockets[userID] == 1
}

// stay is one socket's time before a work.
type stay struct {
	memory            *Memory
	artworkID, userID string
	over              atomic.Bool
}

func (s *stay) leave() {
	if s.over.Swap(true) {
		return // counted out twice, it would take somebody else's place away
	}
	m := s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[s.artworkID]
	switch {
	case s.userID == "":
		r.anonymous--
	case r.sockets[s.userID] > 1:
		r.sockets[s.userID]--
	default:
		delete(r.sockets, s.userID)
	}
	if r.anonymous == 0 && len(r.sockets) == 0 {
		// Else every work ever looked at would be remembered for good.
		delete(m.rooms, s.artworkID)
	}
}

// Crowd implements [Tracker].
func (m *Memory) Crowd(ctx context.Context, artworkID, artistID string) (Crowd, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[artworkID]
	if r == nil {
		return Crowd{}, ctx.Err()
	}
	people := int64(len(r.sockets))
	c := Crowd{People: people, Visitors: people + r.anonymous}
	if r.sockets[artistID] > 0 {
		c.People--
	}
	return c, ctx.Err()
}
