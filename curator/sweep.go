package curator

import (
	"context"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

const (
	// sweepEvery is how soon the gallery says what another process wrote.
	sweepEvery = time.Second

	// sweepRows is how many rows one sweep tells before it lets the fast path
	// have its turn.
	sweepRows = 256
)

// endOfTime is after every row.
func endOfTime() time.Time { return time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC) }

// sweep removes the rows that were told and tells those that nobody else will:
// written by another process, left by one that died, dropped by the fast path,
// or failed before. It reports whether there is more to do at once.
func (r *relay) sweep(ctx context.Context) (more bool) {
	r.removeTold(ctx)
	r.mu.Lock()
	ours := len(r.flight)
	r.mu.Unlock()
	limit := ours + len(r.failed) + sweepRows
	var rows []gallery.Event
	err := r.c.read(ctx, func(tx *store.Tx) (err error) {
		// Whatever its time: a clock may have been set back since.
		rows, err = tx.Outbox(ctx, "", endOfTime(), limit)
		return err
	})
	if err != nil {
		if ctx.Err() == nil {
			r.c.config.Log.ErrorContext(ctx, "sweep the outbox", "error", err)
		}
		return false
	}
	// What failed before goes last: one event that cannot be told must not keep
	// the others from it.
	var events, again []gallery.Event
	for _, e := range rows {
		switch {
		case len(events)+len(again) == sweepRows:
		case !r.adopt(e.ID):
		case r.failed[e.ID]:
			again = append(again, e)
		default:
			events = append(events, e)
		}
	}
	events = append(events, again...)
	untold, failed := r.tellAll(ctx, events)
	for _, e := range untold {
		if r.failed[e.ID] { // also those that it did not come to this time
			failed[e.ID] = true
		}
	}
	r.failed = failed
	return len(events) == sweepRows && len(untold) < len(events)
}

// adopt makes a row ours, unless it is already.
func (r *relay) adopt(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight[id] {
		return false
	}
	r.flight[id] = true
	return true
}

// removeTold deletes the rows of events that were told. Until that has worked
// they stay in flight, so that nobody is told twice without need.
func (r *relay) removeTold(ctx context.Context) {
	if len(r.told) == 0 {
		return
	}
	err := r.c.config.DB.Write(ctx, func(tx *store.Tx) error { return tx.DeleteOutbox(ctx, r.told) })
	if err != nil {
		if ctx.Err() == nil {
			r.c.config.Log.ErrorContext(ctx, "remove what was told from the outbox", "error", err)
		}
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range r.told {
		delete(r.flight, id)
	}
	r.told = nil
}
