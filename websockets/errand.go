package websockets

import (
	"context"
	"sync"
)

// errand is work that is too slow for the goroutine that finds it necessary,
// such as a look into the store for somebody who was called by a publisher. It
// runs on a goroutine of the server's, at most once at a time; asked for again
// while it runs, it runs once more afterwards, because what it has read by then
// may be from before the asking. The zero errand is ready for use.
type errand struct {
	mu      sync.Mutex
	running bool
	again   bool
}

// start has run called soon. A server that has ended its work starts nothing.
func (e *errand) start(s *Server, run func(ctx context.Context)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running {
		e.again = true
		return
	}
	e.running = s.spawn(func(ctx context.Context) {
		for {
			run(ctx)
			if e.rest() {
				return
			}
		}
	})
}

// rest tells whether the errand may end, and ends it if so.
func (e *errand) rest() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running, e.again = e.again, false
	return !e.running
}
