package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	gallery "invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func TestArtworkRoundTrip(t *testing.T) {
	db := open(t)
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
