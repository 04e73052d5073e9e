package loadtest

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// queue says which socket is opened next, and when: those whose turn to be
// tried again has come, then those that were never tried, at no more than a
// rate and no more than so many at once. It is not safe for concurrent use.
type queue struct {
	sockets  int
	rate     float64 // a second, 0 for any
	inFlight int

	due    int64 // when the rate lets the next one go
	fresh  int   // the first socket that was never tried
	flying int
	again  retries
}

const catchUp = 100 * time.Millisecond

// next returns a socket to open now, or -1 and how long to wait before asking
// again: negative when only done or retry can change the answer.
func (q *queue) next(now int64) (socket int, wait time.Duration) {
	if q.flying >= q.inFlight {
		return -1, -1
	}
	wait = -1
	if len(q.again) > 0 {
		wait = max(0, time.Duration(q.again[0].at-now))
	}
	if wait != 0 && q.fresh == q.sockets {
		return -1, wait
	}
	if q.rate > 0 {
		if q.due > now {
			return -1, time.Duration(q.due - now)
		}
		// Who asks late, because waiting is coarse, may catch up with a little.
		q.due = max(q.due, now-int64(catchUp)) + int64(float64(time.Second)/q.rate)
	}
	q.flying++
	if wait == 0 {
		return heap.Pop(&q.again).(retry).socket, 0
	}
	q.fresh++
	return q.fresh - 1, 0
}

// done ends a handshake, whatever came of it.
func (q *queue) done() { q.flying-- }

// retry has a socket tried again after a pause.
func (q *queue) retry(socket int, now int64, pause time.Duration) {
	heap.Push(&q.again, retry{socket, now + int64(pause)})
}

// pause is how long a socket waits that nobody told how long: 50 ms that double
// up to 1 s, scattered by half, so that those who failed together do not come
// again together.
func pause(attempt int) time.Duration {
	d := min(time.Second, 50*time.Millisecond<<min(attempt, 10))
	return d/2 + rand.N(d/2+1)
}

type retry struct {
	socket int
	at     int64
}

// retries is a heap, the earliest first.
type retries []retry

func (r retries) Len() int           { return len(r) }
func (r retries) Less(i, j int) bool { return r[i].at < r[j].at }
func (r retries) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *retries) Push(x any)        { *r = append(*r, x.(retry)) }
func (r *retries) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}
