package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func (s suite) TestArtworkRoundTrip(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	revealed := artwork(11, 1)
	revealed.RevealedAt = at(30)
	revealed.Placeholder = "image/webp"
	timed := artwork(12, 1)
	timed.RevealWhen = gallery.RevealAll
	timed.Conditions = []gallery.Condition{
		{ID: id(602), Measure: gallery.MeasureTime, RevealAt: at(40)},
		{ID: id(601), Measure: gallery.MeasureComments, Target: 3, Current: 2},
		{ID: id(600), Measure: gallery.MeasureConcurrentViewers, Target: 1, Current: 1, IsMet: true},
	}
	for _, want := range []gallery.Artwork{artwork(10, 1), revealed, timed} {
		addArtworks(t, db, want)
		got := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.Artwork, error) { return tx.Artwork(ctx, want.ID) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("artwork %s (-want +got):\n%s", want.ID, diff)
		}
		state := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.ArtworkState, error) {
			return tx.ArtworkState(ctx, want.ID)
		})
		if state != want.State() {
			t.Errorf("state: got %+v, want %+v", state, want.State())
		}
	}
}

func (s suite) TestRevealWinsOnce(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	addArtworks(t, db, artwork(1, 1))
	reveal := func(n int, minute int) (won bool, err error) {
		err = db.Write(t.Context(), func(tx *store.Tx) (err error) {
			won, err = tx.Reveal(t.Context(), id(n), at(minute))
			return err
		})
		return won, err
	}
	var winner atomic.Int64
	won := race(t, 100, func(i int) (bool, error) {
		ok, err := reveal(1, i)
		if ok {
			winner.Store(int64(i))
		}
		return ok, err
	})
	if won != 1 {
		t.Errorf("%d of 100 reveals won, want 1", won)
	}
	a := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.Artwork, error) { return tx.Artwork(ctx, id(1)) })
	if want := at(int(winner.Load())); !a.RevealedAt.Equal(want) || !a.UpdatedAt.Equal(want) {
		t.Errorf("revealed at %v, updated at %v, want the winner's %v", a.RevealedAt, a.UpdatedAt, want)
	}
	_, err := reveal(2, 0)
	wantCode(t, "reveal of an unknown artwork", err, gallery.NotFound)
}

func (s suite) TestUpdateArtwork(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	want := artwork(1, 1)
	addArtworks(t, db, want)
	title, description, alt := "Neu", "", "an \"alt\""
	for _, c := range []struct{ title, description, alt *string }{
		{title: &title}, {description: &description}, {alt: &alt}, {},
	} {
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateArtwork(ctx, id(1), c.title, c.description, c.alt, at(55))
		})
		if c.title != nil {
			want.Title = title
		}
		if c.description != nil {
			want.Description = description
		}
		if c.alt != nil {
			want.AltText = alt
		}
		want.UpdatedAt = at(55)
		got := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.Artwork, error) { return tx.Artwork(ctx, id(1)) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after update (-want +got):\n%s", diff)
		}
	}
	// The search follows the texts.
	for query, want := range map[string]int{"neu": 1, "Work": 0, "numbers": 0} {
		list := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Artwork, error) {
			list, _, err := tx.Artworks(ctx, gallery.Filter{Query: query})
			return list, err
		})
		if len(list) != want {
			t.Errorf("search for %q: got %d, want %d", query, len(list), want)
		}
	}
}

func (s suite) TestDeleteArtwork(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 3)
	addArtworks(t, db, artwork(11, 1), artwork(12, 1))
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n, work := range []int{11, 12} {
			if _, err := tx.AddComment(ctx, gallery.Comment{ID: id(100 + n), ArtworkID: id(work), User: user(2).Ref(), Content: "!", CreatedAt: at(1)}); err != nil {
				return err
			}
			if _, _, err := tx.AddViews(ctx, id(work), []string{id(2)}, at(1)); err != nil {
				return err
			}
			if _, err := tx.Notify(ctx, gallery.Notification{RecipientID: id(1), Message: "m", Data: gallery.NotificationData{ArtworkID: id(work)}}); err != nil {
				return err
			}
		}
		return tx.DeleteArtwork(ctx, id(11))
	})
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		wantCode(t, "artwork", second(tx.Artwork(ctx, id(11))), gallery.NotFound)
		wantCode(t, "state", second(tx.ArtworkState(ctx, id(11))), gallery.NotFound)
		_, _, err := tx.CommentByID(ctx, id(100))
		wantCode(t, "comment", err, gallery.NotFound)
		_, _, err = tx.Comments(ctx, id(11), gallery.Page{})
		wantCode(t, "comments", err, gallery.NotFound)
		if seen, err := tx.HasViewed(ctx, id(11), id(2)); seen || err != nil {
			t.Errorf("view: got %v (%v), want it gone", seen, err)
		}
		inbox, err := tx.InboxAfter(ctx, id(1), 0, 10)
		if len(inbox) != 2 {
			t.Errorf("inbox: got %d entries, want both", len(inbox))
		}
		other, err2 := tx.Artwork(ctx, id(12))
		if other.CommentCount != 1 || other.ViewCount != 1 {
			t.Errorf("the other artwork: got %d comments and %d views, want 1 and 1", other.CommentCount, other.ViewCount)
		}
		return errors.Join(err, err2)
	})
	for name, call := range map[string]func(ctx context.Context, tx *store.Tx) error{
		"DeleteArtwork": func(ctx context.Context, tx *store.Tx) error { return tx.DeleteArtwork(ctx, id(11)) },
		"LockArtwork":   func(ctx context.Context, tx *store.Tx) error { return second(tx.LockArtwork(ctx, id(11))) },
		"UpdateArtwork": func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateArtwork(ctx, id(11), nil, nil, nil, at(1))
		},
		"ReplaceConditions": func(ctx context.Context, tx *store.Tx) error { return tx.ReplaceConditions(ctx, id(11), "any", nil) },
		"AddViews": func(ctx context.Context, tx *store.Tx) error {
			_, _, err := tx.AddViews(ctx, id(11), []string{id(2)}, at(1))
			return err
		},
		"AddComment": func(ctx context.Context, tx *store.Tx) error {
			return second(tx.AddComment(ctx, gallery.Comment{ID: "c", ArtworkID: id(11), User: user(2).Ref(), CreatedAt: at(1)}))
		},
	} {
		err := db.Write(t.Context(), func(tx *store.Tx) error { return call(t.Context(), tx) })
		wantCode(t, name+" of the deleted artwork", err, gallery.NotFound)
	}
}

func (s suite) TestHasArtworks(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	addArtworks(t, db, artwork(3, 1), artwork(2400, 1))
	var ids []string
	for n := range 2500 { // more than one batch
		ids = append(ids, id(n))
	}
	got := fetch(t, db, func(ctx context.Context, tx *store.Tx) (map[string]bool, error) { return tx.HasArtworks(ctx, ids) })
	if diff := cmp.Diff(map[string]bool{id(3): true, id(2400): true}, got); diff != "" {
		t.Errorf("known artworks (-want +got):\n%s", diff)
	}
	if got := fetch(t, db, func(ctx context.Context, tx *store.Tx) (map[string]bool, error) { return tx.HasArtworks(ctx, nil) }); len(got) != 0 {
		t.Errorf("of none: got %v, want none", got)
	}
}
