package websockets

import (
	"errors"
	"os"
	"time"
)

// retryEvery is how often a write is tried that the kernel does not ask for. It
// announces room only when a good part of its buffer is free, and takes bytes
// long before: tried for the first time at the end of a peer's patience, that
// room would pass for a sign of life.
const retryEvery = time.Second

// flush is the flushing goroutine: it writes what waits, as fast as the peer
// takes it, and ends when nothing waits or the peer takes nothing any more.
func (c *Conn) flush(q *queue) {
	defer close(q.done)
	for {
		next := c.flushNext(q)
		if next == nil {
			return
		}
		n, err := c.transport.writeSome(next)
		if c.flushed(q, n, err) {
			c.closeWrite()
		}
	}
}

// flushNext is what to write next; nil ends the flushing.
func (c *Conn) flushNext(q *queue) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(q.items) == 0 || c.phase == phaseBroken {
		q.release()
		c.queue = nil
		// A deadline that is left behind would fail the next direct write.
		c.conn.SetWriteDeadline(time.Time{})
		return nil
	}
	if c.phase == phaseOpen {
		now := c.engine.now()
		c.conn.SetWriteDeadline(c.engine.at(min(now+retryEvery, q.tookAt+c.engine.cfg.WriteTimeout)))
	} else {
		c.conn.SetWriteDeadline(c.engine.at(c.writeBy))
	}
	return q.items[0]
}

// flushed notes what became of a write. It tells whether the close frame is
// out, and with it the last byte.
func (c *Conn) flushed(q *queue, n int, err error) (over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) && c.phase != phaseBroken {
		n, err = c.retry(q)
	}
	switch {
	case err != nil:
		c.breakLocked()
	case n > 0:
		q.took(n)
		q.tookAt = c.engine.now()
		if len(q.items) == 0 && c.phase == phaseClosing {
			c.saidLocked()
			return true
		}
	case c.phase == phaseOpen && c.engine.now() >= q.tookAt+c.engine.cfg.WriteTimeout:
		c.closeLocked(CloseTooSlow, "too slow")
	case c.phase == phaseClosing && c.engine.now() >= c.writeBy:
		c.resetLocked()
	}
	return false
}

// retry writes although the kernel announces no room. A slow peer may free too
// little of it at a time, and take bytes all along. c.mu must be held.
func (c *Conn) retry(q *queue) (int, error) {
	c.conn.SetWriteDeadline(time.Time{})
	return c.transport.tryWrite(q.items[0])
}
