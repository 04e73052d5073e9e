package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func (s suite) TestAddViews(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 0, 5)
	addArtworks(t, db, artwork(1, 0), artwork(2, 0))
	for _, step := range []struct {
		name         string
		viewers      []int
		added, views int64
	}{
		{"first", []int{1}, 1, 1},
		{"the same again", []int{1}, 0, 1},
		{"unsorted, twice in a batch", []int{3, 2, 3, 1, 2}, 2, 3},
		{"the artist", []int{0}, 0, 3},
		{"an account that is gone", []int{99, 4}, 1, 4},
		{"nobody", nil, 0, 4},
	} {
		var viewers []string
		for _, n := range step.viewers {
			viewers = append(viewers, id(n))
		}
		before := slices.Clone(viewers)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			added, views, err := tx.AddViews(ctx, id(1), viewers, at(1))
			if added != step.added || views != step.views {
				t.Errorf("%s: got %d added, %d views, want %d and %d", step.name, added, views, step.added, step.views)
			}
			return err
		})
		if !slices.Equal(viewers, before) {
			t.Errorf("%s: the caller's slice was changed", step.name)
		}
	}
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n, want := range map[int]bool{0: false, 1: true, 4: true, 99: false} {
			if got, err := tx.HasViewed(ctx, id(1), id(n)); got != want || err != nil {
				t.Errorf("user %d has viewed: got %v (%v), want %v", n, got, err, want)
			}
		}
		if got, err := tx.HasViewed(ctx, id(2), id(1)); got || err != nil {
			t.Errorf("another artwork has been viewed: got %v (%v), want false", got, err)
		}
		return nil
	})
}

// TestAddViewsBeyondOneStatement adds more viewers than a statement of SQLite
// takes parameters (32,766). Most have no account, which
// spares the test from making so many.
func (s suite) TestAddViewsBeyondOneStatement(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 0, 40)
	addArtworks(t, db, artwork(1, 0))
	var viewers []string
	for n := range 40 {
		viewers = append(viewers, id(n))
		for k := range 830 { // unknown ids, between the known ones
			viewers = append(viewers, fmt.Sprintf("%s-%d", id(n), k))
		}
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		added, views, err := tx.AddViews(ctx, id(1), viewers, at(1))
		if added != 39 || views != 39 {
			t.Errorf("got %d added, %d views, want 39", added, views)
		}
		return err
	})
}

// TestViewsAreExactUnderRace lets overlapping batches of viewers race, each
// commit learning the total: the totals must be all different where something
// was added, and end at the number of people.
func (s suite) TestViewsAreExactUnderRace(t *testing.T) {
	db := s.open(t)
	ids := addUsers(t, db, 0, 101)
	addArtworks(t, db, artwork(1, 0))
	totals := make(chan [2]int64, 40)
	race(t, 40, func(i int) (bool, error) {
		batch := ids[1+i*2 : 1+i*2+22] // overlaps the ten neighbours on either side
		return true, db.Write(context.Background(), func(tx *store.Tx) error {
			added, views, err := tx.AddViews(context.Background(), id(1), batch, at(1))
			if err == nil {
				totals <- [2]int64{views - added, views}
			}
			return err
		})
	})
	close(totals)
	var spans [][2]int64
	for s := range totals {
		if s[0] != s[1] {
			spans = append(spans, s)
		}
	}
	slices.SortFunc(spans, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	last := int64(0)
	for _, s := range spans {
		if s[0] != last {
			t.Errorf("a batch counted from %d to %d, want from %d", s[0], s[1], last)
		}
		last = s[1]
	}
	a := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.Artwork, error) { return tx.Artwork(ctx, id(1)) })
	if a.ViewCount != 100 || last != 100 {
		t.Errorf("got view_count %d, last total %d, want 100", a.ViewCount, last)
	}
}

func (s suite) TestCommentsAreCounted(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 3)
	addArtworks(t, db, artwork(1, 1), artwork(2, 1))
	counts := make(chan int64, 40)
	race(t, 40, func(i int) (bool, error) {
		return true, db.Write(context.Background(), func(tx *store.Tx) error {
			n, err := tx.AddComment(context.Background(), gallery.Comment{ID: id(100 + i), ArtworkID: id(1), User: user(2).Ref(), Content: fmt.Sprint(i), CreatedAt: at(i)})
			if err == nil {
				counts <- n
			}
			return err
		})
	})
	close(counts)
	var got []int64
	for n := range counts {
		got = append(got, n)
	}
	slices.Sort(got)
	for i, n := range got {
		if n != int64(i+1) {
			t.Fatalf("counts: got %v, want each from 1 to 40 once", got)
		}
	}
	won := race(t, 10, func(int) (bool, error) {
		err := db.Write(context.Background(), func(tx *store.Tx) error { return tx.DeleteComment(context.Background(), id(105)) })
		if gallery.CodeOf(err) == gallery.NotFound {
			return false, nil
		}
		return err == nil, err
	})
	if won != 1 {
		t.Errorf("%d of 10 deleted one comment, want 1", won)
	}
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		for work, want := range map[int]int64{1: 39, 2: 0} {
			a, err := tx.Artwork(ctx, id(work))
			if err != nil || a.CommentCount != want {
				t.Errorf("artwork %d: got %d comments (%v), want %d", work, a.CommentCount, err, want)
			}
		}
		c, artist, err := tx.CommentByID(ctx, id(100))
		want := gallery.Comment{ID: id(100), ArtworkID: id(1), User: user(2).Ref(), Content: "0", CreatedAt: at(0)}
		if c != want || artist != id(1) {
			t.Errorf("comment: got %+v of artist %s, want %+v of %s", c, artist, want, id(1))
		}
		return err
	})
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		return second(tx.AddComment(t.Context(), gallery.Comment{ID: "c", ArtworkID: id(1), User: gallery.UserRef{ID: "nobody"}, CreatedAt: at(1)}))
	})
	wantCode(t, "comment by nobody", err, gallery.NotFound)
	if a := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.Artwork, error) { return tx.Artwork(ctx, id(1)) }); a.CommentCount != 39 {
		t.Errorf("after a refused comment: got %d, want 39", a.CommentCount)
	}
}
