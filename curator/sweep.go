package curator

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

const (
	// sweepEvery is how soon the gallery says what another process wrote, more
	// or less: nodes that sweep in step would all want the same rows.
	sweepEvery = 450 * time.Millisecond

	// sweepRows is how many rows one sweep tells before it lets the fast path
	// have its turn.
	sweepRows = 256

	// grace is how long a row is its node's alone. What is told within half of
	// it is told by nobody else, whatever the other half loses on the way: the
	// deadline of a publication, the clocks of two nodes.
	grace = 5 * time.Second
)

// nextSweep is the time until the next sweep: 400 to 500 ms.
func nextSweep() time.Duration {
	return sweepEvery - 50*time.Millisecond + rand.N(100*time.Millisecond)
}

// sweep removes the rows that were told and tells those that nobody else will:
// written by another process, left by one that died, dropped by the fast path,
// or failed before. It reports whether there is more to do at once.
func (r *relay) sweep(ctx context.Context) (more bool) {
	r.removeTold(ctx)
	if !r.reach(ctx) {
		// Claiming what cannot be told would only keep it from a node that can.
		return false
	}
	at := r.c.instant()
	chosen, err := r.choose(ctx, at)
	if err != nil {
		return false
	}
	if len(chosen) == 0 {
		r.failed = map[string]bool{}
		r.broker.note(ctx, nil)
		return false
	}
	mine, err := r.claimRows(ctx, at, chosen)
	if err != nil {
		return false
	}
	untold, failed := r.tellAll(ctx, mine, at)
	for _, e := range untold {
		if r.failed[e.ID] { // also those that it did not come to this time
			failed[e.ID] = true
		}
	}
	r.failed = failed
	// Rows that went to another node are progress as well.
	return len(chosen) == sweepRows && (len(mine) < len(chosen) || len(untold) < len(mine))
}

// choose reads which rows to tell, and puts them in flight. It writes nothing:
// nearly always there are none.
func (r *relay) choose(ctx context.Context, at time.Time) ([]gallery.Event, error) {
	r.mu.Lock()
	ours := len(r.flight)
	r.mu.Unlock()
	limit := ours + len(r.failed) + sweepRows
	var rows []gallery.Event
	err := r.c.read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Outbox(ctx, r.c.config.Node, at.Add(-grace), limit)
		return err
	})
	if r.store.note(ctx, err); err != nil {
		return nil, err
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
	return append(events, again...), nil
}

// claimRows makes rows this node's own from now on, and returns those that it
// got. That goes for its own as well: a row that it could not tell for as long
// as the grace may be another's by now.
func (r *relay) claimRows(ctx context.Context, at time.Time, chosen []gallery.Event) ([]gallery.Event, error) {
	ids := make([]string, len(chosen))
	for i, e := range chosen {
		ids[i] = e.ID
	}
	var got []string
	err := r.c.config.DB.Write(ctx, func(tx *store.Tx) (err error) {
		got, err = tx.ClaimOutbox(ctx, r.c.config.Node, at.Add(-grace), at, ids)
		return err
	})
	if r.store.note(ctx, err); err != nil {
		r.release(chosen)
		return nil, err
	}
	var mine, others []gallery.Event
	for _, e := range chosen {
		if slices.Contains(got, e.ID) {
			mine = append(mine, e)
		} else {
			others = append(others, e)
		}
	}
	r.release(others)
	return mine, nil
}

// adopt puts a row in flight, unless it is already.
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
	if r.store.note(ctx, err); err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range r.told {
		delete(r.flight, id)
	}
	r.told = nil
}
