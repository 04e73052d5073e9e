package store_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func titles(list []gallery.Artwork) (titles []string) {
	for _, a := range list {
		titles = append(titles, a.Title)
	}
	return titles
}

func (s suite) TestArtworkFilters(t *testing.T) {
	db := s.open(t)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n, name := range []string{"Ada", "Grace", id(0)} { // the last is spelt like Ada's id
			if err := tx.CreateUser(ctx, gallery.User{ID: id(n), Username: name, Email: name, CreatedAt: at(0)}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	add := func(n, artist int, title, description string, revealed bool) {
		a := artwork(n, artist)
		a.Title, a.Description, a.CreatedAt = title, description, at(n)
		if revealed {
			a.RevealedAt = at(59)
		}
		addArtworks(t, db, a)
	}
	add(1, 0, "Ärger", "100% wool", true)
	add(2, 0, "plain", "100 grams of wool", false)
	add(3, 1, "snake_case", `back\slash`, true)
	add(4, 1, "snakeXcase", "ÄRGERLICH", false)
	add(5, 2, "İstanbul", "ﬁne Ｗｉｄｅ", false)
	yes, no := true, false
	for _, c := range []struct {
		filter gallery.Filter
		want   []string
	}{
		{gallery.Filter{}, []string{"İstanbul", "snakeXcase", "snake_case", "plain", "Ärger"}},
		{gallery.Filter{Artist: id(0)}, []string{"plain", "Ärger"}},
		{gallery.Filter{Artist: "aDA"}, []string{"plain", "Ärger"}},
		{gallery.Filter{Artist: id(2)}, []string{"İstanbul"}},
		{gallery.Filter{Artist: "nobody"}, nil},
		{gallery.Filter{Revealed: &yes}, []string{"snake_case", "Ärger"}},
		{gallery.Filter{Revealed: &no, Artist: "Grace"}, []string{"snakeXcase"}},
		{gallery.Filter{Query: "ärger"}, []string{"snakeXcase", "Ärger"}},
		{gallery.Filter{Query: " ÄRGER "}, []string{"snakeXcase", "Ärger"}},
		{gallery.Filter{Query: "a\u0308rger"}, []string{"snakeXcase", "Ärger"}}, // decomposed
		{gallery.Filter{Query: "ärger", Revealed: &yes, Artist: "ada"}, []string{"Ärger"}},
		{gallery.Filter{Query: "100%"}, []string{"Ärger"}},
		{gallery.Filter{Query: "%"}, []string{"Ärger"}},
		{gallery.Filter{Query: "_"}, []string{"snake_case"}},
		{gallery.Filter{Query: `\`}, []string{"snake_case"}},
		{gallery.Filter{Query: `\%`}, nil},
		{gallery.Filter{Query: "FINE wide"}, []string{"İstanbul"}},
		{gallery.Filter{Query: "İSTANBUL"}, []string{"İstanbul"}},
		{gallery.Filter{Query: "'; DROP TABLE users; --"}, nil},
		{gallery.Filter{Query: strings.Repeat("%", 255)}, nil},
		{gallery.Filter{Query: strings.Repeat("\ufdfa", 255)}, nil}, // folds to 18 characters each
		{gallery.Filter{Query: "   "}, []string{"İstanbul", "snakeXcase", "snake_case", "plain", "Ärger"}},
	} {
		list := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Artwork, error) {
			list, _, err := tx.Artworks(ctx, c.filter)
			return list, err
		})
		if got := titles(list); !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %q, want %q", c.filter, got, c.want)
		}
	}
	for _, query := range []string{strings.Repeat("a", 256), "\xff", "a\x00b"} {
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			_, _, err := tx.Artworks(t.Context(), gallery.Filter{Query: query})
			return err
		})
		wantCode(t, fmt.Sprintf("query %.10q", query), err, gallery.Invalid)
	}
}

// TestPagesAreStable walks each list while rows come and go: nothing that was
// there from first to last may be missed or come twice.
func (s suite) TestPagesAreStable(t *testing.T) {
	const rows = 47
	for name, list := range map[string]struct {
		add    func(ctx context.Context, tx *store.Tx, n int) error
		remove func(ctx context.Context, tx *store.Tx, key string) error
		page   func(ctx context.Context, tx *store.Tx, p gallery.Page) (keys []string, next string, err error)
	}{
		"artworks": {
			add: func(ctx context.Context, tx *store.Tx, n int) error {
				a := artwork(n, 1)
				a.CreatedAt = at(n / 5) // several share an instant
				return tx.InsertArtwork(ctx, a)
			},
			remove: func(ctx context.Context, tx *store.Tx, key string) error { return tx.DeleteArtwork(ctx, key) },
			page: func(ctx context.Context, tx *store.Tx, p gallery.Page) (keys []string, next string, err error) {
				list, next, err := tx.Artworks(ctx, gallery.Filter{Page: p})
				for _, a := range list {
					keys = append(keys, a.ID)
				}
				return keys, next, err
			},
		},
		"comments": {
			add: func(ctx context.Context, tx *store.Tx, n int) error {
				return second(tx.AddComment(ctx, gallery.Comment{ID: id(n), ArtworkID: id(900_000), User: user(1).Ref(), CreatedAt: at(n / 5)}))
			},
			remove: func(ctx context.Context, tx *store.Tx, key string) error { return tx.DeleteComment(ctx, key) },
			page: func(ctx context.Context, tx *store.Tx, p gallery.Page) (keys []string, next string, err error) {
				list, next, err := tx.Comments(ctx, id(900_000), p)
				for _, c := range list {
					keys = append(keys, c.ID)
				}
				return keys, next, err
			},
		},
		"inbox": {
			add: func(ctx context.Context, tx *store.Tx, n int) error {
				return second(tx.Notify(ctx, gallery.Notification{ID: id(n), RecipientID: id(1)}))
			},
			page: func(ctx context.Context, tx *store.Tx, p gallery.Page) (keys []string, next string, err error) {
				list, next, err := tx.Inbox(ctx, id(1), false, p)
				for _, n := range list {
					keys = append(keys, n.ID)
				}
				return keys, next, err
			},
		},
		"unread": {
			add: func(ctx context.Context, tx *store.Tx, n int) error {
				return second(tx.Notify(ctx, gallery.Notification{ID: id(n), RecipientID: id(1)}))
			},
			remove: func(ctx context.Context, tx *store.Tx, key string) error {
				return tx.MarkRead(ctx, id(1), []string{key}, at(1))
			},
			page: func(ctx context.Context, tx *store.Tx, p gallery.Page) (keys []string, next string, err error) {
				list, next, err := tx.Inbox(ctx, id(1), true, p)
				for _, n := range list {
					keys = append(keys, n.ID)
				}
				return keys, next, err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := s.open(t)
			addUsers(t, db, 1, 2)
			hall := artwork(900_000, 1)
			if name == "comments" {
				addArtworks(t, db, hall)
			}
			var want []string // newest first
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				for n := range rows {
					want = slices.Insert(want, 0, id(n))
					if err := list.add(ctx, tx, n); err != nil {
						return err
					}
				}
				return nil
			})
			var got []string
			page, next := gallery.Page{Limit: 5}, ""
			for n := 0; ; n++ {
				read(t, db, func(ctx context.Context, tx *store.Tx) error {
					keys, following, err := list.page(ctx, tx, page)
					if len(keys) > 5 || len(keys) < 5 && following != "" || len(keys) == 0 {
						t.Errorf("page of %d rows, next %q, want 5", len(keys), following)
					}
					got, next = append(got, keys...), following
					return err
				})
				if next == "" {
					break
				}
				page.Cursor = next
				write(t, db, func(ctx context.Context, tx *store.Tx) error {
					if list.remove != nil && n%2 == 0 { // the very row the cursor speaks of
						if err := list.remove(ctx, tx, got[len(got)-1]); err != nil {
							return err
						}
					}
					return list.add(ctx, tx, 1000+n) // newer than all
				})
			}
			if !slices.Equal(got, want) {
				t.Errorf("walked %v\nwant %v", got, want)
			}
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				for n := range 101 {
					if err := list.add(ctx, tx, 10_000+n); err != nil {
						return err
					}
				}
				return nil
			})
			for limit, want := range map[int]int{0: 20, -3: 20, 1: 1, 100: 100, 5000: 100} {
				read(t, db, func(ctx context.Context, tx *store.Tx) error {
					keys, next, err := list.page(ctx, tx, gallery.Page{Limit: limit})
					if len(keys) != want || next == "" {
						t.Errorf("limit %d: got %d rows, next %q, want %d and a cursor", limit, len(keys), next, want)
					}
					return err
				})
			}
		})
	}
}

func cursorOf(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// FuzzCursor sends cursors that no list has made: they are refused as
// malformed or mean a place, and are never an error of the database.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "garbage", "====", cursorOf("artworks 1 x"), cursorOf("comments 1 x"), cursorOf("inbox 5 "),
		cursorOf("artworks 99999999999999999999 x"), cursorOf("artworks -1 x"), cursorOf("artworks +1 x"), cursorOf("artworks 1"),
		cursorOf("artworks 1 \x00"), cursorOf("artworks 1 \xff"), cursorOf("artworks 1 ' OR 1=1 --"), cursorOf("unread 1 "),
		cursorOf("artworks 1 " + strings.Repeat("x", 1000)), cursorOf("artworks 1 x") + "=", cursorOf("artworks 1 x") + "\n"} {
		f.Add(seed)
	}
	dbs := map[string]*store.DB{"SQLite": openSQLite(f), "PostgreSQL": openPostgres(f)}
	f.Fuzz(func(t *testing.T, cursor string) {
		page := gallery.Page{Cursor: cursor}
		for name, list := range map[string]func(tx *store.Tx) error{
			"artworks": func(tx *store.Tx) error {
				_, _, err := tx.Artworks(t.Context(), gallery.Filter{Page: page})
				return err
			},
			"inbox":  func(tx *store.Tx) error { _, _, err := tx.Inbox(t.Context(), id(1), false, page); return err },
			"unread": func(tx *store.Tx) error { _, _, err := tx.Inbox(t.Context(), id(1), true, page); return err },
		} {
			for engine, db := range dbs {
				err := db.Read(t.Context(), func(tx *store.Tx) error { return list(tx) })
				if code := gallery.CodeOf(err); code != "" && code != gallery.Malformed {
					t.Errorf("%s of %s with cursor %q: got %v, want a page or Malformed", name, engine, cursor, err)
				}
			}
		}
	})
}

func (s suite) TestForeignCursors(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	addArtworks(t, db, artwork(1, 1))
	for cursor, want := range map[string]gallery.Code{
		cursorOf("artworks " + fmt.Sprint(at(59).UnixMicro()) + " x"): "",
		cursorOf("comments 5 x"):       gallery.Malformed,
		cursorOf("artworks x y"):       gallery.Malformed,
		cursorOf("artworks 1 \x00"):    gallery.Malformed,
		cursorOf("artworks 01 x"):      gallery.Malformed,
		cursorOf("artworks 1 x") + "=": gallery.Malformed,
		"!":                            gallery.Malformed,
	} {
		var list []gallery.Artwork
		err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
			list, _, err = tx.Artworks(t.Context(), gallery.Filter{Page: gallery.Page{Cursor: cursor}})
			return err
		})
		wantCode(t, "cursor "+cursor, err, want)
		if err == nil && len(list) != 1 {
			t.Errorf("cursor %q: got %d artworks, want 1", cursor, len(list))
		}
	}
}
