package servers

import (
	"bufio"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is one connection through a wire.
type link struct {
	wire           *Wire
	client, server net.Conn
	done           chan struct{} // closed when it ends
	once           sync.Once
	swallow        [2]atomic.Bool
	deaf           atomic.Bool
}

// piece is something under way.
type piece struct {
	content []byte
	due     time.Time
}

// close breaks both sides.
func (l *link) close() {
	l.once.Do(func() {
		close(l.done)
		reset(l.client)
		reset(l.server)
	})
}

// carry carries both directions until the link ends.
func (l *link) carry() {
	var group sync.WaitGroup
	group.Go(func() { l.pump(Up, l.client, l.server, chunks) })
	group.Go(func() { l.pump(Down, l.server, l.client, l.wire.framed) })
	group.Wait()
}

// pump carries one direction. What waits for its time waits in a bounded queue,
// so that a stalled reader stalls its writer as on a real network.
func (l *link) pump(d Direction, from, to net.Conn, framed framing) {
	queue := make(chan piece, 256)
	var group sync.WaitGroup
	group.Go(func() {
		defer close(queue)
		in := bufio.NewReaderSize(from, 64<<10)
		for {
			content, message, err := framed(in)
			if err != nil {
				return
			}
			if message && l.deaf.Load() {
				continue
			}
			delay, _, _ := l.wire.weather(d)
			select {
			case queue <- piece{content, time.Now().Add(delay)}:
			case <-l.done:
				return
			}
		}
	})
	l.deliver(d, queue, to)
	if l.swallow[d].Load() {
		<-l.done // the other side does not hear of the end
	}
	l.close()
	group.Wait()
}

// deliver writes what is in the queue when its time has come, until the link or
// the queue ends.
func (l *link) deliver(d Direction, queue <-chan piece, to net.Conn) {
	for {
		var p piece
		var more bool
		select {
		case p, more = <-queue:
		case <-l.done:
			return
		}
		if !l.wait(time.Until(p.due)) {
			return
		}
		_, rate, gate := l.wire.weather(d)
		if gate != nil { // it holds back the end of the connection as well
			select {
			case <-gate:
			case <-l.done:
				return
			}
		}
		if !more {
			return
		}
		if rate > 0 && !l.wait(time.Duration(len(p.content))*time.Second/time.Duration(rate)) {
			return
		}
		if l.swallow[d].Load() {
			continue
		}
		if _, err := to.Write(p.content); err != nil {
			return
		}
	}
}

// wait waits and tells whether the link still stands.
func (l *link) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.done:
		return false
	}
}
