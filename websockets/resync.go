package websockets

import (
	"context"
	"sync"
)

// looksAtOnce keeps a re-subscription, which concerns every group of the node,
// from taking all of the store's connections away from the handshakes.
const looksAtOnce = 8

// resync is the groups that may have missed something and have yet to read the
// store: a list, and a few goroutines that exist only while there is something
// on it. A goroutine each would take more memory than the sockets, when a
// hundred thousand groups are subscribed anew at once.
type resync struct {
	server *Server

	mu      sync.Mutex
	due     []*group // each has group.due set
	workers int
}

// add has g look into the store soon. Asked for again before it has begun it
// looks once, and twice when it has, for what it is reading then may be from
// before the asking.
func (r *resync) add(g *group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g.due {
		return
	}
	g.due = true
	r.due = append(r.due, g)
	if r.workers < looksAtOnce && r.server.spawn(r.work) {
		r.workers++
	}
}

// next takes the first group off the list; false ends a worker.
func (r *resync) next(ctx context.Context) (*group, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.due) == 0 || ctx.Err() != nil {
		r.workers--
		return nil, false
	}
	g := r.due[0]
	r.due[0] = nil // else the array would keep the group
	r.due = r.due[1:]
	g.due = false
	return g, true
}

// work looks for one group after the other. One that meets a store that is away
// goes to the end of the list, so that it holds up nobody; its sockets stay.
func (r *resync) work(ctx context.Context) {
	pause := firstPause
	for {
		g, ok := r.next(ctx)
		if !ok {
			return
		}
		if !isAway(g.look(ctx)) {
			pause = firstPause
			continue
		}
		r.add(g)
		sleep(ctx, pause)
		pause = min(2*pause, longestPause)
	}
}
