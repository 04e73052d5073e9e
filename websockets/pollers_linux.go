package websockets

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
)

// pollers share the connections of an engine. The zero value is ready for use.
type pollers struct {
	all  [mostPollers]poller
	next atomic.Uint32
}

// take makes a polled connection of conn; nil, with conn as it was, when that
// cannot be.
func (ps *pollers) take(conn net.Conn) *polledLink {
	n := min(runtime.GOMAXPROCS(0), mostPollers)
	p := &ps.all[ps.next.Add(1)%uint32(n)]
	if p.reserve() != nil { // no descriptor is left; a goroutine needs none
		return nil
	}
	l := newPolledLink(conn, p)
	if l == nil {
		p.mu.Lock()
		p.release()
		p.mu.Unlock()
	}
	return l
}

// wait waits until no goroutine is left, once all connections have gone.
func (ps *pollers) wait(ctx context.Context) error {
	for i := range ps.all {
		p := &ps.all[i]
		p.mu.Lock()
		ended := p.ended
		p.mu.Unlock()
		if ended == nil {
			continue
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return fmt.Errorf("wait for a poller: %w", ctx.Err())
		}
	}
	return nil
}
