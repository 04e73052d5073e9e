package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func (s suite) TestConditionsLatch(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	a := artwork(1, 1)
	a.Conditions = []gallery.Condition{
		{ID: "views", Measure: gallery.MeasureViews, Target: 10, Current: 4},
		{ID: "time", Measure: gallery.MeasureTime, RevealAt: at(9)},
	}
	addArtworks(t, db, a)
	for _, c := range []struct {
		name       string
		save, want []gallery.Condition
	}{
		{"forward", []gallery.Condition{{ID: "views", Current: 7}},
			[]gallery.Condition{{ID: "views", Measure: gallery.MeasureViews, Target: 10, Current: 7}, a.Conditions[1]}},
		{"backward", []gallery.Condition{{ID: "views", Current: 5}, {ID: "time"}, {ID: "of another artwork", Current: 9}},
			[]gallery.Condition{{ID: "views", Measure: gallery.MeasureViews, Target: 10, Current: 7}, a.Conditions[1]}},
		{"met", []gallery.Condition{{ID: "views", Current: 10, IsMet: true}, {ID: "time", IsMet: true}},
			[]gallery.Condition{{ID: "views", Measure: gallery.MeasureViews, Target: 10, Current: 10, IsMet: true},
				{ID: "time", Measure: gallery.MeasureTime, RevealAt: at(9), IsMet: true}}},
		{"unmet again", []gallery.Condition{{ID: "views", Current: 1}, {ID: "time"}},
			[]gallery.Condition{{ID: "views", Measure: gallery.MeasureViews, Target: 10, Current: 10, IsMet: true},
				{ID: "time", Measure: gallery.MeasureTime, RevealAt: at(9), IsMet: true}}},
	} {
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SaveConditions(ctx, id(1), c.save) })
		wantConditions(t, db, c.name, gallery.RevealAny, c.want)
	}
	// A new list starts anew, with the same ids if it likes.
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.ReplaceConditions(ctx, id(1), gallery.RevealAll, a.Conditions[:1])
	})
	wantConditions(t, db, "replaced", gallery.RevealAll, a.Conditions[:1])
}

func wantConditions(t *testing.T, db *store.DB, name string, when gallery.RevealWhen, want []gallery.Condition) {
	t.Helper()
	a := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.Artwork, error) { return tx.Artwork(ctx, id(1)) })
	if diff := cmp.Diff(want, a.Conditions); diff != "" || a.RevealWhen != when {
		t.Errorf("%s: reveal when %q, want %q; conditions (-want +got):\n%s", name, a.RevealWhen, when, diff)
	}
}

func (s suite) TestDue(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	timed := func(n int, minutes ...int) gallery.Artwork {
		a := artwork(n, 1)
		a.RevealWhen = gallery.RevealAll
		for i, m := range minutes {
			a.Conditions = append(a.Conditions, gallery.Condition{ID: id(n*10 + i), Measure: gallery.MeasureTime, RevealAt: at(m)})
		}
		return a
	}
	shown := timed(4, 5)
	shown.RevealedAt = at(1)
	addArtworks(t, db, timed(1, 10), timed(2, 5, 8, 30), timed(3, 8), shown, artwork(5, 1))
	due := func(name string, until int, want ...store.Due) {
		t.Helper()
		got := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Due, error) { return tx.Due(ctx, at(until)) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: due until %d (-want +got):\n%s", name, until, diff)
		}
	}
	due("at first", 4)
	due("at first", 5, store.Due{id(2), at(5)})
	// Both of 2, else an artwork that waits for two close instants reveals late.
	due("at first", 10, store.Due{id(2), at(5)}, store.Due{id(2), at(8)}, store.Due{id(3), at(8)}, store.Due{id(1), at(10)})
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SaveConditions(ctx, id(2), []gallery.Condition{{ID: id(20), IsMet: true}}); err != nil {
			return err
		}
		if _, err := tx.Reveal(ctx, id(3), at(8)); err != nil {
			return err
		}
		return tx.ReplaceConditions(ctx, id(1), gallery.RevealAny, timed(1, 7).Conditions)
	})
	due("later", 30, store.Due{id(1), at(7)}, store.Due{id(2), at(8)}, store.Due{id(2), at(30)})
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		// A list that comes after the reveal wakes no clock.
		if err := tx.ReplaceConditions(ctx, id(3), gallery.RevealAny, timed(3, 9).Conditions); err != nil {
			return err
		}
		return tx.DeleteArtwork(ctx, id(2))
	})
	due("in the end", 60, store.Due{id(1), at(7)})
}
