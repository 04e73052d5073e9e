package curator

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"invisibleart.example/gallery"
)

const (
	// maxQueue bounds what waits in memory to be told. Beyond it events are
	// left to the sweep, which reads them from the outbox.
	maxQueue = 1024

	// publishDeadline bounds one event, and stopDeadline all that is told while
	// stopping.
	publishDeadline = 2 * time.Second
	stopDeadline    = 3 * time.Second

	// enough failures in a row mean that the broker is away, and that the rest
	// of the queue would only wait for its deadlines one by one.
	enough = 3

	// deleteBatch is how many told events wait for one transaction that removes
	// their rows; the rest waits for the next sweep.
	deleteBatch = 500
)

// relay tells the sockets what was committed: from one goroutine, in order, and
// at least once. Its truth is the outbox; what it holds in memory only makes it
// fast.
//
// Of several nodes each tells by the fast path what happened on it. Everything
// else is told by a sweep, which first claims the rows, so that no other does.
// So a row is told twice only when its node died, or lost the store, between the
// telling and the removing.
type relay struct {
	c    *Curator
	wake chan struct{}

	mu sync.Mutex
	// flight holds the outbox rows that are ours to tell: about to be
	// committed, queued, or told and not yet removed. The sweep leaves them
	// alone.
	flight  map[string]bool
	queue   []gallery.Event
	open    bool
	failure error // why the broker seems to be away, nil when it does not

	// Only the relay's own goroutine touches these.
	told          []string        // rows to remove
	failed        map[string]bool // rows that a sweep tried to tell, and could not
	broker, store *outage
}

func newRelay(c *Curator) *relay {
	return &relay{
		c: c, wake: make(chan struct{}, 1), flight: map[string]bool{}, failed: map[string]bool{},
		broker: c.outage("tell what happened"), store: c.outage("sweep the outbox"),
	}
}

// claim keeps the sweep from a row that is about to be committed.
func (r *relay) claim(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flight[id] = true
}

// release leaves rows to the sweep.
func (r *relay) release(events []gallery.Event) {
	if len(events) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		delete(r.flight, e.ID)
	}
}

// offer hands over committed events. It never waits: what does not fit, and
// what comes while nothing runs, is the sweep's.
func (r *relay) offer(events []gallery.Event) {
	if len(events) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open || len(r.queue)+len(events) > maxQueue {
		for _, e := range events {
			delete(r.flight, e.ID)
		}
		return
	}
	r.queue = append(r.queue, events...)
	select {
	case r.wake <- struct{}{}:
	default: // a signal is waiting already
	}
}

// trouble is why the broker seems to be away, nil when it does not.
func (r *relay) trouble() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure
}

func (r *relay) gaveUp(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = err
}

// run tells events until ctx ends, then what is still queued as far as it gets.
func (r *relay) run(ctx context.Context) {
	r.admit(true)
	next := time.NewTimer(nextSweep())
	defer next.Stop()
	now := make(chan struct{})
	close(now)
	more := r.sweep(ctx)
	for {
		var again <-chan struct{}
		if more {
			again = now
		}
		select {
		case <-ctx.Done():
			r.admit(false)
			rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopDeadline)
			defer cancel()
			r.tellAll(rest, r.take(), time.Time{})
			r.removeTold(rest)
			return
		case <-r.wake:
			r.tellAll(ctx, r.take(), time.Time{})
		case <-next.C:
			more = r.sweep(ctx)
			next.Reset(nextSweep())
		case <-again:
			more = r.sweep(ctx)
		}
	}
}

func (r *relay) admit(open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = open
}

// take empties the queue. Two commits may have been handed over in the wrong
// order; their ids tell the right one.
func (r *relay) take() []gallery.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.queue
	r.queue = nil
	slices.SortFunc(events, func(x, y gallery.Event) int { return strings.Compare(x.ID, y.ID) })
	return events
}
