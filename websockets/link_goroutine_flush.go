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
func (l *goroutineLink) flush(q *queue) {
	defer close(q.done)
	for {
		next := l.flushNext(q)
		if next == nil {
			return
		}
		n, err := l.transport.writeSome(next)
		if l.flushed(q, n, err) {
			l.closeWrite() // not under the lock: over TLS it may wait
		}
	}
}

// flushNext is what to write next; nil ends the flushing.
func (l *goroutineLink) flushNext(q *queue) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(q.items) == 0 || l.phase == phaseBroken {
		q.release()
		l.queue = nil
		// A deadline that is left behind would fail the next direct write.
		l.conn.SetWriteDeadline(time.Time{})
		return nil
	}
	if l.phase == phaseOpen {
		now := l.engine.now()
		l.conn.SetWriteDeadline(l.engine.at(min(now+retryEvery, q.tookAt+l.engine.cfg.WriteTimeout)))
	} else {
		l.conn.SetWriteDeadline(l.engine.at(l.endBy))
	}
	return q.items[0]
}

// flushed notes what became of a write. It tells whether the close frame is
// out, and with it the last byte.
func (l *goroutineLink) flushed(q *queue, n int, err error) (over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) && l.phase != phaseBroken {
		n, err = l.retry(q)
	}
	switch {
	case err != nil:
		l.breakLocked()
	case n > 0:
		q.took(n)
		q.tookAt = l.engine.now()
		if len(q.items) == 0 && l.phase == phaseClosing {
			l.saidLocked()
			return true
		}
	case l.phase == phaseOpen && l.engine.now() >= q.tookAt+l.engine.cfg.WriteTimeout:
		l.closeLocked(CloseTooSlow, "too slow")
	case l.phase == phaseClosing && l.engine.now() >= l.endBy:
		l.resetLocked()
	}
	return false
}

// retry writes although the kernel announces no room. A slow peer may free too
// little of it at a time, and take bytes all along. Conn.mu must be held.
func (l *goroutineLink) retry(q *queue) (int, error) {
	l.conn.SetWriteDeadline(time.Time{})
	return l.transport.tryWrite(q.items[0])
}
