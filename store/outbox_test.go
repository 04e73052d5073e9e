package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func (s suite) TestEventRoundTrip(t *testing.T) {
	state := gallery.ArtworkState{ID: id(7), Title: `A "title" <b>`, Artist: "Ünal", IsRevealed: true}
	entry := func(data gallery.NotificationData) gallery.Notification {
		return gallery.Notification{ID: id(8), RecipientID: id(1), Seq: 1 << 60, Message: "m\n", Data: data, CreatedAt: at(1)}
	}
	for _, want := range []gallery.Event{
		{Kind: gallery.EventArtworkRevealed, Artwork: state, Notification: entry(gallery.NotificationData{Type: gallery.ArtworkRevealed, ArtworkID: id(7)})},
		{Kind: gallery.EventNewComment, Notification: entry(gallery.NotificationData{Type: gallery.NewComment, ArtworkID: id(7), CommentID: id(9), User: "u"})},
		{Kind: gallery.EventNewView, Notification: entry(gallery.NotificationData{Type: gallery.ViewMilestone, ArtworkID: id(7), ViewCount: 50})},
		{Kind: gallery.EventSystemMessage, Announcement: gallery.Announcement{ID: id(3), Number: 4, Message: "hello", CreatedAt: at(1), ExpiresAt: at(2)}},
		{Kind: gallery.EventArtworkDeleted, Artwork: gallery.ArtworkState{ID: id(7)}},
		{Kind: gallery.EventSignedOut, UserID: id(5)},
	} {
		t.Run(string(want.Kind), func(t *testing.T) {
			db := s.open(t)
			want.ID, want.CreatedAt = id(1), at(1)
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Enqueue(ctx, want, "") })
			got := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Event, error) {
				return tx.Outbox(ctx, "", time.Time{}, 10)
			})
			if diff := cmp.Diff([]gallery.Event{want}, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

func (s suite) TestOutboxOrder(t *testing.T) {
	db := s.open(t)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, e := range []struct{ id, minute int }{{5, 2}, {2, 1}, {1, 3}, {4, 1}, {3, 1}} {
			if err := tx.Enqueue(ctx, gallery.Event{ID: id(e.id), Kind: gallery.EventSignedOut, UserID: "u", CreatedAt: at(e.minute)}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	check := func(limit int, want ...string) {
		t.Helper()
		if got := outbox(t, db, "", time.Time{}, limit); !slices.Equal(got, want) {
			t.Errorf("%d at most: got %v, want %v", limit, got, want)
		}
	}
	check(9, id(2), id(3), id(4), id(5), id(1))
	check(2, id(2), id(3))
	check(0)
	check(-1)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteOutbox(ctx, append(make([]string, 33_000), id(2), id(5), "unknown"))
	})
	check(9, id(3), id(4), id(1))
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteOutbox(ctx, nil) })
	check(9, id(3), id(4), id(1))
}

// outbox lists the ids of the events that a node may tell.
func outbox(t *testing.T, db *store.DB, node string, abandoned time.Time, limit int) (ids []string) {
	t.Helper()
	for _, e := range fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Event, error) {
		return tx.Outbox(ctx, node, abandoned, limit)
	}) {
		ids = append(ids, e.ID)
	}
	return ids
}

// TestOutboxOfSeveralNodes: a row belongs to one node until that must be dead.
func (s suite) TestOutboxOfSeveralNodes(t *testing.T) {
	db := s.open(t)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n, node := range []string{"", "a", "b", "b"} {
			if err := tx.Enqueue(ctx, gallery.Event{ID: id(n), Kind: gallery.EventSignedOut, UserID: "u", CreatedAt: at(n)}, node); err != nil {
				return err
			}
		}
		return nil
	})
	now := db.Clock()
	before, after := now.Add(-time.Second), now.Add(time.Second)
	check := func(name, node string, abandoned time.Time, want ...string) {
		t.Helper()
		if got := outbox(t, db, node, abandoned, 9); !slices.Equal(got, want) {
			t.Errorf("%s: %q may tell %v, want %v", name, node, got, want)
		}
	}
	claim := func(name, node string, abandoned time.Time, ids []string, want ...string) {
		t.Helper()
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.ClaimOutbox(ctx, node, abandoned, after, ids)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q claimed %v, want %v", name, node, got, want)
			}
			return err
		})
	}
	check("at first", "a", before, id(0), id(1))
	check("at first", "", before, id(0))
	check("at first", "c", before, id(0))
	check("b is long dead", "a", after, id(0), id(1), id(2), id(3))
	all := []string{id(3), "unknown", id(0), id(1), id(2)}
	claim("others' rows", "a", before, all, id(0), id(1))
	check("after a's claim", "c", before)
	check("after a's claim", "a", before, id(0), id(1))
	claim("nothing", "c", before, nil)
	claim("many", "c", before, append(make([]string, 33_000), id(0)))
	claim("those of b, which is dead", "c", after, all, id(2), id(3))
	check("after c's claim", "b", before)
	check("after c's claim", "b", after)
	claim("by b, which was not dead", "b", before, all)
}

// TestOneNodeClaims lets nodes claim the same rows at once, in whatever order.
func (s suite) TestOneNodeClaims(t *testing.T) {
	db := s.open(t)
	const rows, nodes = 100, 8
	var ids []string
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n := range rows {
			ids = append(ids, id(n))
			if err := tx.Enqueue(ctx, gallery.Event{ID: ids[n], CreatedAt: at(1)}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	claims := make([][]string, nodes)
	race(t, nodes, func(i int) (bool, error) {
		mine := slices.Clone(ids)
		rand.Shuffle(rows, func(a, b int) { mine[a], mine[b] = mine[b], mine[a] })
		return true, db.Write(context.Background(), func(tx *store.Tx) (err error) {
			claims[i], err = tx.ClaimOutbox(context.Background(), fmt.Sprint(i), time.UnixMicro(1), at(2), mine)
			return err
		})
	})
	got := slices.Concat(claims...)
	if slices.Sort(got); !slices.Equal(got, ids) {
		t.Errorf("%d claims of %d rows, want each once: %v", len(got), rows, got)
	}
	for i, claimed := range claims {
		slices.Sort(claimed)
		if got := outbox(t, db, fmt.Sprint(i), time.UnixMicro(1), rows); !slices.Equal(got, claimed) {
			t.Errorf("node %d may tell %v, want what it claimed, %v", i, got, claimed)
		}
	}
}

// TestFilledInEventsKeepTheirOrder holds the relay to the order of the acts:
// events of one transaction share their instant.
func (s suite) TestFilledInEventsKeepTheirOrder(t *testing.T) {
	db := s.open(t)
	var want []string
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n := range 100 {
			want = append(want, fmt.Sprint(n))
			if err := tx.Enqueue(ctx, gallery.Event{Kind: gallery.EventSignedOut, UserID: want[n]}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	var got []string
	for _, e := range fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Event, error) {
		return tx.Outbox(ctx, "", time.Time{}, 100)
	}) {
		got = append(got, e.UserID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("order: got %v, want %v", got, want)
	}
}

func (s suite) TestAnnouncements(t *testing.T) {
	db := s.open(t)
	undo := errors.New("changed my mind")
	race(t, 45, func(i int) (bool, error) {
		err := db.Write(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Announce(context.Background(), gallery.Announcement{Message: fmt.Sprint(i), ExpiresAt: at(10)})
			if err == nil && i%3 == 0 {
				return undo
			}
			return err
		})
		if i%3 == 0 && err == undo {
			err = nil
		}
		return true, err
	})
	var last gallery.Announcement
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		last, err = tx.Announce(ctx, gallery.Announcement{ID: id(1), Message: "m", CreatedAt: at(5), ExpiresAt: at(20)})
		return err
	})
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		list, err := tx.AnnouncementsAfter(ctx, 0, 100)
		if err != nil {
			return err
		}
		for i, a := range list {
			if a.Number != int64(i+1) {
				t.Errorf("number: got %d, want %d", a.Number, i+1)
			}
		}
		head, err := tx.AnnouncementHead(ctx)
		if len(list) != 31 || head != 31 || last.Number != 31 {
			t.Errorf("got %d announcements, head %d, last %d, want 31", len(list), head, last.Number)
		}
		for _, c := range []struct {
			after int64
			limit int
			want  int
		}{{0, 5, 5}, {30, 5, 1}, {31, 5, 0}, {0, 0, 0}, {0, -1, 0}} {
			if list, err := tx.AnnouncementsAfter(ctx, c.after, c.limit); len(list) != c.want || err != nil {
				t.Errorf("after %d, %d at most: got %d (%v), want %d", c.after, c.limit, len(list), err, c.want)
			}
		}
		for minute, want := range map[int]int{9: 31, 10: 1, 20: 0} {
			list, err := tx.Announcements(ctx, at(minute))
			if len(list) != want || err != nil {
				t.Errorf("listed at %d: got %d (%v), want %d", minute, len(list), err, want)
			}
			if want > 0 {
				if diff := cmp.Diff(last, list[0]); diff != "" {
					t.Errorf("newest first (-want +got):\n%s", diff)
				}
			}
		}
		return err
	})
}

func (s suite) TestEmptyAnnouncements(t *testing.T) {
	db := s.open(t)
	if head := fetch(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.AnnouncementHead(ctx) }); head != 0 {
		t.Errorf("head before the first: got %d, want 0", head)
	}
}
