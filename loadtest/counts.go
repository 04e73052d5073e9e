package loadtest

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Counts is what a swarm has counted so far. A snapshot: the fields were read
// one after the other.
type Counts struct {
	Started  int64 // handshakes begun
	Opened   int64 // handshakes that succeeded; above Config.Sockets with Reopen
	Open     int64 // sockets open now
	GivenUp  int64 // sockets that will not be opened (again), for want of retries
	Failed   int64 // handshakes that failed without an answer, see Failures
	Messages int64 // messages received
	Bytes    int64 // bytes received on open sockets, framing included
	Sent     int64 // messages sent
	Pings    int64 // pings answered

	Refused     map[int]int64    // handshakes with another answer than 101, by status
	MostRefused int              // how often the unluckiest socket was refused or failed before it opened
	Failures    map[string]int64 // why handshakes failed, at most 16 reasons and "other"
	Closed      map[int]int64    // open sockets that ended, by code (see Closed)

	Lag Lag // how long what arrived had to wait for the swarm
}

// Lag is how late the swarm was. Waits are what the kernel stamped
// (Config.LagEvery) since the last call of [Swarm.TakeLag].
type Lag struct {
	Waits   []time.Duration // from the arrival in the kernel to the read, in order of reading
	Longest time.Duration   // longest round of the event loop so far: what became ready waited at most two of them
	Busy    time.Duration   // time the loop did not wait for anything
	Elapsed time.Duration   // time the loop has run
}

// tally counts. The numbers that change with every message are atomic, the rare
// ones behind a lock.
type tally struct {
	started, opened, open, givenUp, failed atomic.Int64
	messages, bytes, sent, pings           atomic.Int64
	longest, busy, began                   atomic.Int64 // ns

	mu          sync.Mutex
	refused     map[int]int64
	closed      map[int]int64
	failures    map[string]int64
	mostRefused int
	waits       []time.Duration
}

const (
	maxReasons = 16
	maxWaits   = 1 << 20
)

func newTally() *tally {
	return &tally{refused: map[int]int64{}, closed: map[int]int64{}, failures: map[string]int64{}}
}

func (t *tally) refuse(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused[status]++
}

func (t *tally) close(code int) {
	t.open.Add(-1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed[code]++
}

func (t *tally) fail(err error) {
	t.failed.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	reason := err.Error()
	if _, known := t.failures[reason]; !known && len(t.failures) >= maxReasons {
		reason = "other"
	}
	t.failures[reason]++
}

func (t *tally) attempts(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mostRefused = max(t.mostRefused, n)
}

func (t *tally) wait(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waits) < maxWaits {
		t.waits = append(t.waits, d)
	}
}

func (t *tally) counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := Counts{
		Started: t.started.Load(), Opened: t.opened.Load(), Open: t.open.Load(),
		GivenUp: t.givenUp.Load(), Failed: t.failed.Load(),
		Messages: t.messages.Load(), Bytes: t.bytes.Load(), Sent: t.sent.Load(), Pings: t.pings.Load(),
		Refused: maps.Clone(t.refused), Closed: maps.Clone(t.closed), Failures: maps.Clone(t.failures),
		MostRefused: t.mostRefused,
		Lag:         Lag{Longest: time.Duration(t.longest.Load()), Busy: time.Duration(t.busy.Load())},
	}
	if began := t.began.Load(); began != 0 {
		c.Lag.Elapsed = time.Duration(Now() - began)
	}
	return c
}

// takeLag returns the lag since the last call, and begins anew.
func (t *tally) takeLag() Lag {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := Now()
	lag := Lag{Waits: t.waits, Longest: time.Duration(t.longest.Swap(0)), Busy: time.Duration(t.busy.Swap(0))}
	if began := t.began.Swap(now); began != 0 {
		lag.Elapsed = time.Duration(now - began)
	}
	t.waits = nil
	return lag
}
