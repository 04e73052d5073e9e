package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func (s suite) TestAccountRoundTrip(t *testing.T) {
	db := s.open(t)
	want := store.Account{User: user(1), PasswordHash: "$argon2id$…"}
	want.Bio, want.IsArtist, want.IsAdmin = "paints\nin code", true, true
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.CreateUser(ctx, want.User, want.PasswordHash) })
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		byID, err := tx.AccountByID(ctx, id(1))
		if err != nil {
			return err
		}
		byEmail, err := tx.AccountByEmail(ctx, strings.ToUpper(want.Email))
		if diff := cmp.Diff([]store.Account{want, want}, []store.Account{byID, byEmail}); diff != "" {
			t.Errorf("account by id and by e-mail (-want +got):\n%s", diff)
		}
		return err
	})

	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := errors.Join(tx.SetPassword(ctx, id(1), "new"), tx.EndTokens(ctx, id(1), at(5))); err != nil {
			return err
		}
		if err := tx.Rehash(ctx, id(1), want.PasswordHash, "late"); err != nil { // of the old password: nothing
			return err
		}
		return tx.SetActive(ctx, id(1), false)
	})
	want.PasswordHash, want.ValidAfter, want.IsActive = "new", at(5), false
	got := fetch(t, db, func(ctx context.Context, tx *store.Tx) (store.Account, error) { return tx.AccountByID(ctx, id(1)) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after a new password (-want +got):\n%s", diff)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Rehash(ctx, id(1), "new", "newer") })
	got = fetch(t, db, func(ctx context.Context, tx *store.Tx) (store.Account, error) { return tx.AccountByID(ctx, id(1)) })
	if got.PasswordHash != "newer" {
		t.Errorf("after rehash: got %q, want %q", got.PasswordHash, "newer")
	}
}

func (s suite) TestNamesAreUniqueIgnoringCase(t *testing.T) {
	for _, c := range []struct {
		name, username, email string
		want                  []string // locations of the conflict
	}{
		{"other", "grace", "grace@example.org", nil},
		{"same username", "Ada", "grace@example.org", []string{"username"}},
		{"username in capitals", "ADA", "grace@example.org", []string{"username"}},
		{"e-mail in capitals", "grace", "ADA@Example.ORG", []string{"email"}},
		{"both", "aDA", "ada@EXAMPLE.org", []string{"username", "email"}},
		{"full-width letters", "Ａｄａ", "grace@example.org", []string{"username"}},
		{"mathematical letters", "𝐀da", "grace@example.org", []string{"username"}}, // have no lower case of their own
		{"another letter", "Adä", "grace@example.org", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := s.open(t)
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.CreateUser(ctx, gallery.User{ID: id(1), Username: "Ada", Email: "ada@example.org", CreatedAt: at(0)}, "")
			})
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				return tx.CreateUser(t.Context(), gallery.User{ID: id(2), Username: c.username, Email: c.email, CreatedAt: at(0)}, "")
			})
			wantConflict(t, err, c.want)

			// The same names, by renaming somebody who has others.
			addUsers(t, db, 3, 4)
			err = db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.UpdateProfile(t.Context(), id(3), &c.username, nil)
				return err
			})
			want := slices.DeleteFunc(slices.Clone(c.want), func(l string) bool { return l == "email" })
			if c.want == nil { // CreateUser above has taken it
				want = []string{"username"}
			}
			wantConflict(t, err, want)
		})
	}
	t.Run("beyond ASCII", func(t *testing.T) {
		db := s.open(t)
		for n, name := range []string{"Ärger", "äRGER"} {
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				return tx.CreateUser(t.Context(), gallery.User{ID: id(n), Username: name, Email: name + "@x", CreatedAt: at(0)}, "")
			})
			wantConflict(t, err, [][]string{nil, {"username", "email"}}[n])
		}
	})
}

func wantConflict(t *testing.T, err error, want []string) {
	t.Helper()
	if len(want) == 0 {
		wantCode(t, "free names", err, "")
		return
	}
	wantCode(t, "taken names", err, gallery.Conflict)
	var got []string
	if e, ok := err.(*gallery.Error); ok {
		for _, f := range e.Fields {
			got = append(got, f.Location)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("conflict names %v, want %v", got, want)
	}
}

func (s suite) TestUpdateProfile(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	name, bio := "USER1", "new" // one's own name in another case is free
	for _, step := range []struct {
		username, bio *string
		want          [2]string
	}{{&name, nil, [2]string{name, ""}}, {nil, &bio, [2]string{name, bio}}, {nil, nil, [2]string{name, bio}}} {
		var got gallery.User
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			got, err = tx.UpdateProfile(ctx, id(1), step.username, step.bio)
			return err
		})
		stored := fetch(t, db, func(ctx context.Context, tx *store.Tx) (store.Account, error) { return tx.AccountByID(ctx, id(1)) })
		if got != stored.User || [2]string{got.Username, got.Bio} != step.want {
			t.Errorf("got %+v, stored %+v, want %v", got, stored.User, step.want)
		}
	}
}

func (s suite) TestUnknownUser(t *testing.T) {
	db := s.open(t)
	for name, call := range map[string]func(ctx context.Context, tx *store.Tx) error{
		"AccountByID":    func(ctx context.Context, tx *store.Tx) error { _, err := tx.AccountByID(ctx, "x"); return err },
		"AccountByEmail": func(ctx context.Context, tx *store.Tx) error { _, err := tx.AccountByEmail(ctx, "x"); return err },
		"LockAccount":    func(ctx context.Context, tx *store.Tx) error { return second(tx.LockAccount(ctx, "x")) },
		"SetPassword":    func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, "x", "h") },
		"EndTokens":      func(ctx context.Context, tx *store.Tx) error { return tx.EndTokens(ctx, "x", at(0)) },
		"SetActive":      func(ctx context.Context, tx *store.Tx) error { return tx.SetActive(ctx, "x", true) },
		"UpdateProfile": func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.UpdateProfile(ctx, "x", nil, nil)
			return err
		},
		"DeleteUser": func(ctx context.Context, tx *store.Tx) error { _, err := tx.DeleteUser(ctx, "x"); return err },
		"InboxHead":  func(ctx context.Context, tx *store.Tx) error { _, err := tx.InboxHead(ctx, "x"); return err },
		"Notify": func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Notify(ctx, gallery.Notification{RecipientID: "x"})
			return err
		},
		"CreateSession": func(ctx context.Context, tx *store.Tx) error {
			return tx.CreateSession(ctx, store.Session{ID: "s", UserID: "x", CreatedAt: at(0), ExpiresAt: at(1)})
		},
		"CreateTicket": func(ctx context.Context, tx *store.Tx) error {
			return tx.CreateTicket(ctx, store.Ticket{Hash: "h", UserID: "x", ExpiresAt: at(1)})
		},
		"InsertArtwork": func(ctx context.Context, tx *store.Tx) error { return tx.InsertArtwork(ctx, artwork(9, 8)) },
	} {
		t.Run(name, func(t *testing.T) {
			err := db.Write(t.Context(), func(tx *store.Tx) error { return call(t.Context(), tx) })
			wantCode(t, name, err, gallery.NotFound)
		})
	}
}

// TestDeleteUser takes an artist and commenter out of a gallery and looks at
// what the others have left.
func (s suite) TestDeleteUser(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 5)
	addArtworks(t, db, artwork(11, 1), artwork(12, 1), artwork(21, 2), artwork(22, 2))
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		n := 100
		for _, c := range []struct{ work, user, times int }{{21, 1, 3}, {21, 3, 2}, {22, 1, 1}, {11, 2, 2}, {11, 1, 1}} {
			for range c.times {
				n++
				if _, err := tx.AddComment(ctx, gallery.Comment{ID: id(n), ArtworkID: id(c.work), User: user(c.user).Ref(), Content: "!", CreatedAt: at(n % 60)}); err != nil {
					return err
				}
			}
		}
		for _, work := range []int{11, 21} {
			if _, _, err := tx.AddViews(ctx, id(work), []string{id(1), id(2), id(3), id(4)}, at(1)); err != nil {
				return err
			}
		}
		for _, who := range []int{1, 2} {
			if _, err := tx.Notify(ctx, gallery.Notification{RecipientID: id(who), Message: "m", Data: gallery.NotificationData{Type: gallery.NewComment, ArtworkID: id(11)}}); err != nil {
				return err
			}
		}
		if err := tx.CreateTicket(ctx, store.Ticket{Hash: "h", UserID: id(1), ExpiresAt: at(9)}); err != nil {
			return err
		}
		return tx.CreateSession(ctx, store.Session{ID: "s", UserID: id(1), CreatedAt: at(0), ExpiresAt: at(9)})
	})

	var gone []string
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		gone, err = tx.DeleteUser(ctx, id(1))
		return err
	})
	if want := []string{id(11), id(12)}; !slices.Equal(gone, want) {
		t.Errorf("artworks that went: got %v, want %v", gone, want)
	}
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		for work, want := range map[int][2]int64{21: {2, 3}, 22: {0, 0}} { // comments, views
			a, err := tx.Artwork(ctx, id(work))
			if err != nil {
				return err
			}
			list, _, err := tx.Comments(ctx, id(work), gallery.Page{})
			if err != nil {
				return err
			}
			if got := [2]int64{a.CommentCount, a.ViewCount}; got != want || int64(len(list)) != want[0] {
				t.Errorf("artwork %d: got %v comments and views, %d comments listed, want %v", work, got, len(list), want)
			}
		}
		// The artist's inbox outlives the work it tells of.
		if list, _, err := tx.Inbox(ctx, id(2), false, gallery.Page{}); err != nil || len(list) != 1 {
			t.Errorf("inbox of another: got %d entries (%v), want 1", len(list), err)
		}
		for what, err := range map[string]error{
			"account": second(tx.AccountByID(ctx, id(1))), "artwork": second(tx.Artwork(ctx, id(11))),
			"session": second(tx.SessionByID(ctx, "s")),
		} {
			wantCode(t, what+" of the deleted user", err, gallery.NotFound)
		}
		if seen, err := tx.HasViewed(ctx, id(21), id(1)); err != nil || seen {
			t.Errorf("view of the deleted user: got %v (%v), want it gone", seen, err)
		}
		return nil
	})
	err := db.Write(t.Context(), func(tx *store.Tx) error { return second(tx.SpendTicket(t.Context(), "h", at(1))) })
	wantCode(t, "ticket of the deleted user", err, gallery.NotFound)

	// The name is free again, and the counted view is not announced twice.
	addUsers(t, db, 1, 2)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, views, err := tx.AddViews(ctx, id(21), []string{id(3)}, at(2))
		if views != 3 {
			t.Errorf("views after the viewer's account went: got %d, want 3", views)
		}
		return err
	})
}

// second keeps the error of a call.
func second[T any](_ T, err error) error { return err }

// TestDeleteProlificCommenter spans more artworks than one page or batch.
func (s suite) TestDeleteProlificCommenter(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 3)
	const works = 300
	for n := range works {
		addArtworks(t, db, artwork(1000+n, 1))
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n := range works {
			for k := range 2 {
				c := gallery.Comment{ID: fmt.Sprintf("c-%d-%d", n, k), ArtworkID: id(1000 + n), User: user(1 + k).Ref(), Content: "!", CreatedAt: time.UnixMicro(int64(n + 1))}
				if _, err := tx.AddComment(ctx, c); err != nil {
					return err
				}
			}
		}
		return nil
	})
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return second(tx.DeleteUser(ctx, id(2))) })
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n := range works {
			a, err := tx.Artwork(ctx, id(1000+n))
			if err != nil {
				return err
			}
			if a.CommentCount != 1 {
				t.Errorf("artwork %d: got %d comments, want 1", n, a.CommentCount)
			}
		}
		return nil
	})
}
