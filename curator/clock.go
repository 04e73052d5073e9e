package curator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

const (
	// lookAhead is how far ahead the clock looks, and how often. Between two
	// looks only this curator's own works can come nearer, and those wake it.
	lookAhead = time.Second

	// firstTick is how many works the first transaction reveals of those due at
	// one instant, and each after it twice as many, up to mostTick: nothing is
	// told before its commit, so that the first must not wait for many, nor the
	// last for many commits.
	firstTick = 16
	mostTick  = 100
)

// clock reveals works at their instant.
type clock struct {
	wake chan struct{}
}

func newClock() *clock { return &clock{wake: make(chan struct{}, 1)} }

// look has the clock read anew what is due.
func (c *clock) look() {
	select {
	case c.wake <- struct{}{}:
	default: // it is about to look already
	}
}

// expect is called after every commit that may have set a time.
func (c *clock) expect(conditions []gallery.Condition) {
	if slices.ContainsFunc(conditions, func(c gallery.Condition) bool {
		return c.Measure == gallery.MeasureTime && !c.IsMet
	}) {
		c.look()
	}
}

// runClock looks one second ahead every second, and sets a timer to the first
// instant it sees.
func (c *Curator) runClock(ctx context.Context) {
	every := time.NewTicker(lookAhead)
	defer every.Stop()
	instant := time.NewTimer(0) // what fell due while nobody ran
	defer instant.Stop()
	outage := c.outage("reveal what is due")
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-c.clock.wake:
		case <-instant.C:
		}
		next, err := c.revealDue(ctx)
		// Nothing is lost by an error: what is due stays due until the next look.
		outage.note(ctx, err)
		if !next.IsZero() {
			instant.Reset(next.Sub(c.instant()))
		}
	}
}

// revealDue reveals everything whose time has come, and returns the next instant
// within sight, by this node's clock, zero when there is none.
func (c *Curator) revealDue(ctx context.Context) (next time.Time, err error) {
	var ahead time.Duration // of the database's clock, as far as it has told
	for {
		var due []store.Due
		now := c.instant().Add(-ahead)
		err := c.read(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.Due(ctx, now.Add(lookAhead))
			return err
		})
		if err != nil {
			return time.Time{}, fmt.Errorf("look ahead: %w", err)
		}
		works, next := split(due, now)
		if !next.IsZero() {
			next = next.Add(ahead)
		}
		if len(works) == 0 {
			return next, nil
		}
		var failed error
		for most := firstTick; len(works) > 0; most = min(2*most, mostTick) {
			n := min(most, len(works))
			early, err := c.tick(ctx, works[:n])
			failed, ahead = errors.Join(failed, err), max(ahead, early)
			works = works[n:]
		}
		if failed != nil {
			return next, failed
		}
		// It took a while: look again.
	}
}

// split tells the works that are due at now, in the order of their ids, from
// the first instant after now.
func split(due []store.Due, now time.Time) (works []string, next time.Time) {
	for _, d := range due {
		switch {
		case !d.At.After(now):
			works = append(works, d.ArtworkID)
		case next.IsZero() || d.At.Before(next):
			next = d.At
		}
	}
	slices.Sort(works)
	return slices.Compact(works), next
}

// tick judges works whose time has come, in one transaction. When that fails
// each is judged by itself, so that one broken work holds up no other. early is
// by how much this node's clock was ahead of the database's, if that has mattered.
func (c *Curator) tick(ctx context.Context, works []string) (early time.Duration, err error) {
	err = c.write(ctx, func(a *act) error {
		arts, err := a.LockArtworks(ctx, works) // but for those deleted since we looked
		if err != nil {
			return err
		}
		for i := range arts {
			if err := a.judge(ctx, &arts[i], false); err != nil {
				return err
			}
		}
		early = a.ahead
		return nil
	})
	if gallery.CodeOf(err) != gallery.Internal || ctx.Err() != nil || len(works) == 1 {
		return early, err
	}
	err = nil
	for _, id := range works {
		one, failed := c.tick(ctx, []string{id})
		early, err = max(early, one), errors.Join(err, failed)
	}
	return early, err
}

// present is the time by which conditions are judged. Of a time condition that
// would be met by it for the first time the database has the last word, for all
// nodes the same one: a node whose clock has run ahead since it was last
// compared must not reveal anything early.
func (a *act) present(ctx context.Context, conditions []gallery.Condition) (time.Time, error) {
	due := func(c gallery.Condition) bool {
		return c.Measure == gallery.MeasureTime && !c.IsMet && !c.RevealAt.After(a.now)
	}
	if a.asked || !slices.ContainsFunc(conditions, due) {
		return a.now, nil
	}
	now, err := a.Now(ctx)
	if err != nil {
		return time.Time{}, err
	}
	now = now.UTC().Truncate(time.Microsecond)
	a.ahead, a.now, a.asked = a.now.Sub(now), now, true
	return now, nil
}
