package curator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/presence"
	"invisibleart.example/gallery/store"
)

const (
	// crowdRest is how long it takes from one look at the crowds to the next.
	// Whoever comes alone is judged at once; of thousands who come together ten
	// looks a second see all that matters.
	crowdRest = 100 * time.Millisecond
	// crowdRetry is how long a look that failed waits for the next.
	crowdRetry = time.Second
)

// crowds are the works before which somebody has come, until they are judged
// for it.
type crowds struct {
	wake chan struct{}

	mu    sync.Mutex
	risen map[string]struct{}
}

func newCrowds() *crowds { return &crowds{wake: make(chan struct{}, 1), risen: map[string]struct{}{}} }

// rise notes that there may be more people before a work than there were.
func (s *crowds) rise(artworkID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.risen[artworkID] = struct{}{}
	select {
	case s.wake <- struct{}{}:
	default: // they will be looked at already
	}
}

// expect is called after every commit that may have set a condition: who came
// before it was there has been looked at before.
func (s *crowds) expect(art gallery.Artwork) {
	if !art.IsRevealed() && slices.ContainsFunc(art.Conditions, waitsForCrowd) {
		s.rise(art.ID)
	}
}

func waitsForCrowd(c gallery.Condition) bool {
	return c.Measure == gallery.MeasureConcurrentViewers && !c.IsMet
}

func (s *crowds) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	works := slices.Collect(maps.Keys(s.risen))
	clear(s.risen)
	return works
}

// Enter counts an artwork socket among those before the work until leave is
// called.
func (c *Curator) Enter(artworkID string, who auth.Identity) (leave func()) {
	return c.config.Presence.Enter(artworkID, who.User.ID)
}

// Crowd tells how many are before a work now.
func (c *Curator) Crowd(ctx context.Context, art gallery.Artwork) (presence.Crowd, error) {
	return c.config.Presence.Crowd(ctx, art.ID, art.Artist.ID)
}

// runCrowds judges works before which somebody has come.
func (c *Curator) runCrowds(ctx context.Context) {
	outage := c.outage("judge the works before which somebody has come")
	var failed []string
	retry := time.NewTimer(crowdRetry)
	defer retry.Stop()
	for {
		var works []string
		select {
		case <-ctx.Done():
			return
		case <-c.crowds.wake:
		case <-retry.C:
			works, failed = failed, nil
		}
		missed, err := c.judgeCrowds(ctx, append(works, c.crowds.take()...))
		outage.note(ctx, err)
		if err != nil {
			// Nobody has to come again for it: who is here stays to be counted.
			if len(failed) == 0 {
				retry.Reset(crowdRetry)
			}
			failed = slices.Compact(slices.Sorted(slices.Values(append(failed, missed...))))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(crowdRest):
		}
	}
}

// judgeCrowds judges those of the works that wait for more people than they
// have seen and have them now. It returns those it could not judge; one of them
// holds up no other.
func (c *Curator) judgeCrowds(ctx context.Context, works []string) (failed []string, err error) {
	if len(works) == 0 {
		return nil, nil
	}
	var waiting []store.Gathering
	err = c.read(ctx, func(tx *store.Tx) (err error) {
		waiting, err = tx.Gatherings(ctx, works)
		return err
	})
	if err != nil {
		return works, fmt.Errorf("find the works that wait for a crowd: %w", err)
	}
	for len(waiting) > 0 {
		first := waiting[0]
		n := 1
		for n < len(waiting) && waiting[n].ArtworkID == first.ArtworkID {
			n++
		}
		if alone := c.judgeCrowd(ctx, waiting[:n]); alone != nil {
			failed = append(failed, first.ArtworkID)
			err = errors.Join(err, fmt.Errorf("judge the crowd before artwork %s: %w", first.ArtworkID, alone))
		}
		waiting = waiting[n:]
	}
	return failed, err
}

// judgeCrowd judges one work, of which these are the conditions that wait.
func (c *Curator) judgeCrowd(ctx context.Context, waiting []store.Gathering) error {
	id := waiting[0].ArtworkID
	crowd, err := c.config.Presence.Crowd(ctx, id, waiting[0].ArtistID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(waiting, func(g store.Gathering) bool {
		return min(crowd.People, g.Target) > g.Current
	}) {
		return nil // as many have been seen before
	}
	err = c.write(ctx, func(a *act) error {
		art, err := a.LockArtwork(ctx, id)
		if err != nil {
			return err
		}
		a.people = crowd.People
		return a.judge(ctx, &art, false)
	})
	if gallery.CodeOf(err) == gallery.NotFound {
		return nil // deleted since we looked
	}
	return err
}

// peopleBefore counts who is before a work of the caller's, if conditions that
// are about to be set ask for it.
func (c *Curator) peopleBefore(ctx context.Context, artist auth.Identity, id string, conditions []gallery.Condition) (int64, error) {
	id, ok := gallery.ParseID(id)
	if !ok || !slices.ContainsFunc(conditions, waitsForCrowd) {
		return 0, nil
	}
	// Before the transaction: no row lock should wait for another server.
	crowd, err := c.config.Presence.Crowd(ctx, id, artist.User.ID)
	return crowd.People, err
}
