package websockets

import "time"

// queue is what waits for a peer that does not take it at once. It exists only
// while something waits. It is guarded by the connection's lock.
type queue struct {
	items [][]byte // whole frames of shared memory, only the first may be begun
	bytes int
	pong  int // place of the pong that may still be replaced, 0 when there is none

	// tookAt is when the peer last took a byte, on the engine's clock.
	tookAt time.Duration

	released bool
	drained  chan struct{} // closed when nothing waits any more, or nobody should wait for it
	done     chan struct{} // closed when the flushing goroutine, where there is one, has ended
}

func newQueue(first []byte, now time.Duration) *queue {
	q := &queue{tookAt: now, drained: make(chan struct{}), done: make(chan struct{})}
	q.push(first)
	return q
}

func (q *queue) push(b []byte) {
	q.items = append(q.items, b)
	q.bytes += len(b)
}

// over tells whether more waits than may.
func (q *queue) over(cfg *Config) bool {
	return len(q.items) > cfg.QueueMessages || q.bytes > cfg.QueueBytes
}

// took notes that n bytes of the first item are written.
func (q *queue) took(n int) {
	q.bytes -= n
	if n < len(q.items[0]) {
		q.items[0] = q.items[0][n:]
		return
	}
	q.items[0] = nil // the slice stays, the frame may go
	q.items = q.items[1:]
	q.pong = max(q.pong-1, 0)
}

// forget drops all but the first item, which may be on the wire already in
// part: a frame that is begun must be ended before the close frame.
func (q *queue) forget() {
	q.pong = 0
	if len(q.items) > 0 { // the flusher may be about to find it empty
		q.items = q.items[:1:1]
		q.bytes = len(q.items[0])
	}
}

// markPong notes that the last item is a pong, to be replaced by the next one.
// The first item is never replaced: it may be on the wire already.
func (q *queue) markPong() { q.pong = len(q.items) - 1 }

// replacePong puts b in the place of a pong that waits, and tells whether there
// was one.
func (q *queue) replacePong(b []byte) bool {
	if q.pong == 0 {
		return false
	}
	q.bytes += len(b) - len(q.items[q.pong])
	q.items[q.pong] = b
	return true
}

// release lets everybody go who waits for the queue to drain.
func (q *queue) release() {
	if !q.released {
		q.released = true
		close(q.drained)
	}
}
