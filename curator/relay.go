package curator

import (
	"context"
	"errors"
	"fmt"
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
	failure error // why the last pass was given up, nil when it was not

	// Only the relay's own goroutine touches these.
	told   []string        // rows to remove
	failed map[string]bool // rows that a sweep tried to tell, and could not
}

func newRelay(c *Curator) *relay {
	return &relay{c: c, wake: make(chan struct{}, 1), flight: map[string]bool{}, failed: map[string]bool{}}
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

// run tells events until ctx ends, then what is still queued as far as it gets.
func (r *relay) run(ctx context.Context) {
	r.admit(true)
	every := time.NewTicker(sweepEvery)
	defer every.Stop()
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
			r.tellAll(rest, r.take())
			r.removeTold(rest)
			return
		case <-r.wake:
			r.tellAll(ctx, r.take())
		case <-every.C:
			more = r.sweep(ctx)
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

// tellAll tells claimed events in their order. It gives up when the broker seems
// to be away. What it could not tell is released; failed are those of it that it
// tried.
func (r *relay) tellAll(ctx context.Context, events []gallery.Event) (untold []gallery.Event, failed map[string]bool) {
	failed = map[string]bool{}
	inRow := 0
	for i, e := range events {
		if inRow == enough || ctx.Err() != nil {
			untold = append(untold, events[i:]...)
			break
		}
		err := r.tell(ctx, e)
		if err == nil {
			inRow = 0
			r.gaveUp(nil)
			if r.told = append(r.told, e.ID); len(r.told) >= deleteBatch {
				r.removeTold(ctx)
			}
			continue
		}
		untold = append(untold, e)
		failed[e.ID] = true
		if !errors.Is(err, errUnknownKind) { // no fault of the broker's
			if inRow++; inRow == enough {
				r.gaveUp(err)
			}
		}
		if !r.failed[e.ID] { // once for each event, not once a second
			r.c.config.Log.WarnContext(ctx, "an event waits to be told", "event", e.ID, "kind", e.Kind, "error", err)
		}
	}
	r.release(untold)
	return untold, failed
}

func (r *relay) gaveUp(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = err
}

var errUnknownKind = errors.New("the kind of the event is not known; a newer version may have written it")

// tell hands one event to the event handler.
func (r *relay) tell(ctx context.Context, e gallery.Event) error {
	ctx, cancel := context.WithTimeout(ctx, publishDeadline)
	defer cancel()
	handler := r.c.config.Events
	switch e.Kind {
	case gallery.EventArtworkRevealed:
		return handler.NotifyArtworkRevealed(ctx, e.Artwork, e.Notification)
	case gallery.EventNewComment:
		return handler.NotifyNewComment(ctx, e.Notification)
	case gallery.EventNewView:
		return handler.NotifyNewView(ctx, e.Notification)
	case gallery.EventSystemMessage:
		return handler.BroadcastSystemMessage(ctx, e.Announcement)
	case gallery.EventArtworkDeleted:
		return handler.ArtworkDeleted(ctx, e.Artwork.ID)
	case gallery.EventSignedOut:
		return handler.SignedOut(ctx, e.UserID)
	}
	return fmt.Errorf("%s: %w", e.Kind, errUnknownKind)
}
