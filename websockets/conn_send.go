package websockets

import (
	"context"
	"fmt"
	"net"
)

// Send sends one message without ever blocking: what the peer's kernel buffer
// does not take at once is queued, in order. When more waits than
// Config.QueueMessages or Config.QueueBytes allow, the connection closes with
// CloseTooSlow. It returns false when the connection is closing: the message
// was, or may have been, dropped. Without a queue it allocates nothing.
func (c *Conn) Send(f Frame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase != phaseOpen {
		return false
	}
	if len(f.bytes) == 0 {
		return true
	}
	return c.transmitWithin(f.bytes)
}

// Drain waits until the peer's kernel has taken everything that waited. It
// fails when ctx is done, and with [net.ErrClosed] when the connection closes.
// It is for senders that have more to say than a queue may hold; a [Handler]
// must not wait.
func (c *Conn) Drain(ctx context.Context) error {
	c.mu.Lock()
	open, q := c.phase == phaseOpen, c.queue
	c.mu.Unlock()
	if open && q != nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("drain websocket: %w", ctx.Err())
		case <-q.drained:
		}
		c.mu.Lock()
		open = c.phase == phaseOpen
		c.mu.Unlock()
	}
	if !open {
		return fmt.Errorf("drain websocket: %w", net.ErrClosed)
	}
	return nil
}

// transmitWithin transmits b and ends the connection when too much waits then.
// c.mu must be held.
func (c *Conn) transmitWithin(b []byte) bool {
	c.transmit(b)
	if q := c.queue; q != nil && c.phase == phaseOpen && q.over(&c.engine.cfg) {
		c.closeLocked(CloseTooSlow, "too slow")
	}
	return c.phase == phaseOpen
}

// transmit writes b if nothing waits before it, and queues what the peer does
// not take. Everything that is written takes this way, control frames too, so
// that no two frames are ever mixed. c.mu must be held.
func (c *Conn) transmit(b []byte) {
	if c.queue != nil {
		c.queue.push(b)
		return
	}
	n, err := c.link.tryWrite(b)
	switch {
	case err != nil:
		c.breakLocked()
	case n == len(b):
		if c.phase == phaseClosing {
			c.saidLocked()
		}
	default:
		c.queue = newQueue(b[n:], c.engine.now())
		c.link.slow()
	}
}

// pong answers a ping. A peer that pings faster than it reads is owed only the
// newest answer (RFC 6455, section 5.5.3): else its pings would fill the queue.
func (c *Conn) pong(payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase != phaseOpen {
		return
	}
	b := newFrame(opPong, payload).bytes
	if c.queue == nil {
		c.transmitWithin(b)
	} else if !c.queue.replacePong(b) && c.transmitWithin(b) {
		c.queue.markPong()
	}
}

// beat sends pingFrame, or gives the connection up when too many before it went
// unanswered. A ping that had to wait could not be answered in time; as long as
// something waits, the write timeout tells whether the peer lives.
func (c *Conn) beat(pingFrame Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.phase != phaseOpen || c.queue != nil:
	case c.unanswered >= maxUnanswered:
		c.resetLocked()
	default:
		c.unanswered++
		c.transmitWithin(pingFrame.bytes)
	}
}
