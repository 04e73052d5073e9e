package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// TestImport brings views and comments with times of their own, more than go
// into a statement, and counts them.
func (s suite) TestImport(t *testing.T) {
	db := s.open(t)
	const people = 350
	ids := addUsers(t, db, 1, people+1)
	old := artwork(1, 1)
	old.ViewsBefore = 5000
	addArtworks(t, db, old, artwork(2, 1))
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		known, err := tx.HasUsers(ctx, append([]string{"nobody", id(people + 1)}, ids...))
		if len(known) != people || known["nobody"] {
			t.Errorf("known users: got %d of %d, nobody among them: %v", len(known), people, known["nobody"])
		}
		if err != nil {
			return err
		}
		var views []store.View
		var comments []gallery.Comment
		for n, id := range ids[1:] {
			views = append(views, store.View{ViewerID: id, At: at(n)})
			comments = append(comments, gallery.Comment{ID: fmt.Sprintf("comment %05d", n), User: gallery.UserRef{ID: id}, Content: "said", CreatedAt: at(n)})
		}
		views = append(views, views[0]) // looked twice: once is enough
		if err := tx.ImportViews(ctx, id(1), views); err != nil {
			return err
		}
		if err := tx.ImportComments(ctx, id(1), comments); err != nil {
			return err
		}
		for work, want := range map[int]int64{1: people - 1, 2: 0} {
			views, comments, err := tx.CountImported(ctx, id(work))
			if views != want || comments != want || err != nil {
				t.Errorf("artwork %d: got %d views and %d comments (%v), want %d", work, views, comments, err, want)
			}
		}
		_, _, err = tx.CountImported(ctx, id(99))
		wantCode(t, "count what belongs to nothing", err, gallery.NotFound)
		return nil
	})
	want := old
	want.ViewCount, want.CommentCount = people-1, people-1
	got := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.Artwork, error) { return tx.Artwork(ctx, id(1)) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("artwork (-want +got):\n%s", diff)
	}
	last := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Comment, error) {
		list, _, err := tx.Comments(ctx, id(1), gallery.Page{Limit: 1})
		return list, err
	})
	if len(last) != 1 || !last[0].CreatedAt.Equal(at(people-2)) {
		t.Errorf("newest comment: got %+v, want the one of %v", last, at(people-2))
	}
}

// TestTaken asks after names and addresses by the rule of CreateUser.
func (s suite) TestTaken(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2) // User1
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, test := range []struct {
			id, name, email    string
			wantName, wantMail bool
		}{
			{id(2), "User1", "other@example.org", true, false},
			{id(2), "uＳer1", "USER1@example.org", true, true}, // a letter of full width
			{id(2), "User2", "", false, false},
			{id(1), "User1", "User1@example.org", false, false}, // one's own
		} {
			name, mail, err := tx.Taken(ctx, test.id, test.name, test.email)
			if name != test.wantName || mail != test.wantMail || err != nil {
				t.Errorf("%s, %s: got %v, %v (%v), want %v, %v", test.name, test.email, name, mail, err, test.wantName, test.wantMail)
			}
		}
		return nil
	})
}
