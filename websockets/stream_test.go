package websockets_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/websockets"
)

// TestEveryInterleaving holds the once-only stream against whatever relays may
// do: events told late, out of order, twice, or not at all with a
// re-subscription after it, while sockets come at any time. Each socket gets
// everything from where it began, once and in order, and so with the system
// messages.
func TestEveryInterleaving(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	rapid.Check(t, func(rt *rapid.T) {
		r := newRun(t, rt, h)
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			r.step()
		}
		r.finish()
	})
}

// run is one random history of one user.
type run struct {
	t     *testing.T
	rt    *rapid.T
	h     *house
	token string
	user  string

	untold    []gallery.Notification // committed, and not told yet
	unsaid    []gallery.Announcement
	told      []gallery.Notification
	lost      bool // something was dropped since the last re-subscription
	listeners []*follower
}

// follower is a socket with what it may begin with: a socket that opens while
// things happen has no say in whether it comes before or after them.
type follower struct {
	*socket
	least, most             int64 // the last seq it does not get
	leastSystem, mostSystem int64
}

func newRun(t *testing.T, rt *rapid.T, h *house) *run {
	token, who := h.wall.enrol("frida", time.Hour)
	return &run{t: t, rt: rt, h: h, token: token, user: who.User.ID}
}

func (r *run) step() {
	switch rapid.SampledFrom([]string{"commit", "commit", "tell", "tell", "tell again", "drop", "announce", "connect", "connect in the middle", "resubscribe"}).Draw(r.rt, "step") {
	case "commit":
		// Sometimes more than a page.
		n := rapid.SampledFrom([]int{1, 1, 2, 3, 60}).Draw(r.rt, "commits")
		r.untold = append(r.untold, r.h.wall.notify(r.user, n)...)
	case "announce":
		r.unsaid = append(r.unsaid, r.h.wall.announce("hear, hear"))
	case "tell":
		r.tellSome()
	case "tell again":
		if len(r.told) > 0 {
			r.h.tell(r.t, rapid.SampledFrom(r.told).Draw(r.rt, "again"))
		}
	case "drop":
		if len(r.untold) > 0 {
			i := rapid.IntRange(0, len(r.untold)-1).Draw(r.rt, "dropped")
			r.untold, r.lost = slices.Delete(r.untold, i, i+1), true
		}
	case "connect":
		r.connect(func() {})
	case "connect in the middle":
		r.connect(func() { r.tellSome(); r.untold = append(r.untold, r.h.wall.notify(r.user, 2)...); r.tellSome() })
	case "resubscribe":
		r.h.broker.resubscribe()
		r.lost = false
	}
}

// tellSome tells some of what is not told, in any order and from two relays at
// once.
func (r *run) tellSome() {
	n := rapid.IntRange(0, len(r.untold)).Draw(r.rt, "told")
	shuffled := rapid.Permutation(r.untold).Draw(r.rt, "order")
	now, later := shuffled[:n], shuffled[n:]
	r.told, r.untold = append(r.told, now...), slices.Clone(later)
	m := rapid.IntRange(0, len(r.unsaid)).Draw(r.rt, "said")
	announced := rapid.Permutation(r.unsaid).Draw(r.rt, "order of announcements")
	r.unsaid = slices.Clone(announced[m:])
	var relays sync.WaitGroup
	relays.Go(func() { r.h.tell(r.t, now[:n/2]...) })
	relays.Go(func() {
		r.h.tell(r.t, now[n/2:]...)
		for _, a := range announced[:m] {
			r.h.broadcast(r.t, a)
		}
	})
	relays.Wait()
}

// connect opens a socket; meanwhile happens at the same time.
func (r *run) connect(meanwhile func()) {
	query, f := "", &follower{}
	f.least, _ = r.h.wall.InboxHead(r.t.Context(), r.user)
	f.leastSystem, _ = r.h.wall.AnnouncementHead(r.t.Context())
	since := rapid.Int64Range(-1, f.least+2).Draw(r.rt, "since")
	if since >= 0 {
		query = fmt.Sprintf("&since=%d", since)
	}
	var rest sync.WaitGroup
	rest.Go(meanwhile)
	f.socket = r.h.listen(r.t, r.token, query)
	rest.Wait()
	f.most, _ = r.h.wall.InboxHead(r.t.Context(), r.user)
	f.mostSystem, _ = r.h.wall.AnnouncementHead(r.t.Context())
	if since >= 0 {
		// Up to the moment is only what "beyond the newest" means.
		f.least, f.most = min(since, f.least), min(since, f.most)
	}
	r.listeners = append(r.listeners, f)
}

// finish tells the rest, makes good what was lost, and compares what each
// socket got with what it must have got.
func (r *run) finish() {
	r.untold = append(r.untold, r.h.wall.notify(r.user, 1)...)
	r.unsaid = append(r.unsaid, r.h.wall.announce("the end"))
	for len(r.untold)+len(r.unsaid) > 0 {
		r.tellSome()
	}
	if r.lost {
		r.h.broker.resubscribe()
	}
	head, _ := r.h.wall.InboxHead(r.t.Context(), r.user)
	system, _ := r.h.wall.AnnouncementHead(r.t.Context())
	for _, f := range r.listeners {
		r.compare(f, head, system)
	}
	// Told once more, everything; nobody may hear of it.
	r.h.tell(r.t, r.told...)
	var sockets []*socket
	for _, f := range r.listeners {
		sockets = append(sockets, f.socket)
	}
	r.h.silent(r.t, sockets...)
	for _, s := range sockets {
		s.conn.CloseNow()
	}
}

// compare takes messages until both streams have reached their ends. Which
// announcement a message is, its id says.
func (r *run) compare(f *follower, head, system int64) {
	numbers := r.h.wall.numbers()
	var last, lastSystem int64 = -1, -1
	for last < head || lastSystem < system {
		m := f.next()
		seq, isInbox := m["seq"].(float64)
		got, want, from := int64(seq), &last, [2]int64{f.least, f.most}
		if !isInbox {
			got, want, from = numbers[m["id"].(string)], &lastSystem, [2]int64{f.leastSystem, f.mostSystem}
		}
		if *want < 0 && (got <= from[0] || got > from[1]+1) {
			r.rt.Fatalf("first of its stream: got %v (number %d), want one between %d and %d", m, got, from[0]+1, from[1]+1)
		}
		if *want >= 0 && got != *want+1 {
			r.rt.Fatalf("after number %d: got %v (number %d), want the next", *want, m, got)
		}
		*want = got
	}
}
