package loadtest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// crowd serves each socket from a goroutine of its own, on net.Conn: for systems
// without epoll, and for TLS.
type crowd struct {
	swarm  *Swarm
	target target
	wake   chan struct{} // the queue may have changed its mind

	members []atomic.Pointer[member] // by socket, nil while not open

	// mu guards the door and leaving; callbacks run under it, so that there is
	// one at a time.
	mu      sync.Mutex
	door    *door
	leaving bool
}

func newCrowd(s *Swarm, t target) *crowd {
	return &crowd{
		swarm: s, target: t, wake: make(chan struct{}, 1), door: newDoor(s),
		members: make([]atomic.Pointer[member], s.config.Sockets),
	}
}

// run begins the handshakes that are due until ctx ends; then it says goodbye
// and waits for everybody.
func (c *crowd) run(ctx context.Context) error {
	var members sync.WaitGroup
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		c.mu.Lock()
		socket, wait := c.door.next(Now())
		c.mu.Unlock()
		if socket >= 0 {
			members.Go(func() { c.live(ctx, socket) })
			continue
		}
		var due <-chan time.Time
		if wait >= 0 {
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-due:
		}
	}
	c.leave()
	members.Wait()
	return nil
}

// nudge has run ask the queue again.
func (c *crowd) nudge() {
	select {
	case c.wake <- struct{}{}:
	default: // it will ask anyway
	}
}

// leave says goodbye to the servers of all open sockets, and cuts those that
// would not hear the answer.
func (c *crowd) leave() {
	c.mu.Lock()
	c.leaving = true // from here on nobody joins
	c.mu.Unlock()
	by := time.Now().Add(goodbyePatience)
	for i := range c.members {
		m := c.members[i].Swap(nil)
		if m == nil {
			continue
		}
		if c.swarm.config.Abrupt || m.isStalled() {
			m.cut()
			continue
		}
		m.conn.SetDeadline(by) // the reader ends by then
		_ = m.write(appendClose(nil, 1000), by)
	}
}
