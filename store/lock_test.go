package store_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func (s suite) TestLockArtworks(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	var want []gallery.Artwork
	for _, n := range []int{3, 4, 7, 1500} {
		want = append(want, artwork(n, 1))
	}
	addArtworks(t, db, want...)
	addArtworks(t, db, artwork(5, 1))
	ids := []string{id(1500), id(4), id(6), id(3), id(7), id(4), "unknown"}
	for n := range 1200 { // more than one batch of them
		ids = append(ids, id(200_000+n))
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.LockArtworks(ctx, ids)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("locked (-want +got):\n%s", diff)
		}
		return err
	})
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.LockArtworks(ctx, nil)
		if len(got) != 0 {
			t.Errorf("locked %d of none", len(got))
		}
		return err
	})
}

// TestLockArtworksTakesFewStatements holds a batch of views to its speed.
func (s suite) TestLockArtworksTakesFewStatements(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	var ids []string
	for n := range 300 {
		addArtworks(t, db, artwork(n, 1))
		ids = append(ids, id(n))
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		n := 0
		store.Record(tx, func(string, []any) { n++ })
		list, err := tx.LockArtworks(ctx, ids)
		if len(list) != 300 || n > 4 {
			t.Errorf("locked %d artworks in %d statements, want 300 in 4", len(list), n)
		}
		return err
	})
}

// TestLocksHaveOneOrder has transactions lock many of the same artworks at
// once, and others lock them one by one in the order of the ids' bytes. Ids are
// such as a language sorts otherwise, and lie in the table in yet another
// order. A function that ran twice was in a deadlock before.
func (s suite) TestLocksHaveOneOrder(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	ids := []string{"b", "A", "a", "10", "9", "a-b", "B", "ab", "aB", "_", "Z"}
	for i, id := range ids {
		a := artwork(i, 1)
		a.ID = id
		addArtworks(t, db, a)
	}
	sorted := slices.Sorted(slices.Values(ids))
	var runs atomic.Int64
	const each, writers = 20, 8
	race(t, writers, func(i int) (bool, error) {
		ctx := context.Background()
		for range each {
			mine := slices.Clone(ids)
			rand.Shuffle(len(mine), func(a, b int) { mine[a], mine[b] = mine[b], mine[a] })
			err := db.Write(ctx, func(tx *store.Tx) error {
				runs.Add(1)
				if i%2 == 0 {
					return second(tx.LockArtworks(ctx, mine))
				}
				for _, id := range sorted {
					if _, err := tx.LockArtwork(ctx, id); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return false, err
			}
		}
		return true, nil
	})
	if got := runs.Load(); got != each*writers {
		t.Errorf("%d transactions ran %d times, want each once", each*writers, got)
	}
}

func (s suite) TestGatherings(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 3)
	gathering := func(n, artist int, revealed bool, targets ...int64) gallery.Artwork {
		a := artwork(n, artist)
		a.RevealWhen = gallery.RevealAll
		for i, target := range targets {
			a.Conditions = append(a.Conditions, gallery.Condition{ID: id(n*10 + i), Measure: gallery.MeasureConcurrentViewers, Target: target, Current: 2, IsMet: target <= 2})
		}
		if revealed {
			a.RevealedAt = at(1)
		}
		return a
	}
	addArtworks(t, db, gathering(11, 2, false, 9, 5, 2), gathering(12, 1, false), gathering(13, 1, true, 5), gathering(14, 1, false, 7), gathering(15, 1, false, 3))
	ids := []string{id(14), id(13), id(12), id(11), "unknown"}
	for n := range 1200 {
		ids = append(ids, id(200_000+n))
	}
	got := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Gathering, error) { return tx.Gatherings(ctx, ids) })
	want := []store.Gathering{{id(11), id(2), 2, 5}, {id(11), id(2), 2, 9}, {id(14), id(1), 2, 7}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gatherings (-want +got):\n%s", diff)
	}
	if got := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Gathering, error) { return tx.Gatherings(ctx, nil) }); got != nil {
		t.Errorf("of no artworks: got %v, want none", got)
	}
}
