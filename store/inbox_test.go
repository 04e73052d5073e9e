package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func notify(ctx context.Context, tx *store.Tx, recipient int, message string) error {
	return second(tx.Notify(ctx, gallery.Notification{RecipientID: id(recipient), Message: message}))
}

func (s suite) TestNotificationRoundTrip(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	wants := []gallery.Notification{
		{ID: id(1), RecipientID: id(1), Message: gallery.CommentSentence(`"T"`), CreatedAt: at(1),
			Data: gallery.NotificationData{Type: gallery.NewComment, ArtworkID: id(7), CommentID: id(8), User: "Ünal"}},
		{ID: id(2), RecipientID: id(1), Message: gallery.MilestoneSentence("T", 10), CreatedAt: at(2), ReadAt: at(3),
			Data: gallery.NotificationData{Type: gallery.ViewMilestone, ArtworkID: id(7), ViewCount: 1 << 60}},
		{RecipientID: id(1), Data: gallery.NotificationData{Type: gallery.ArtworkRevealed}}, // id and time are filled in
	}
	for i := range wants {
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			want := wants[i]
			want.Seq = int64(i + 1)
			wants[i], err = tx.Notify(ctx, wants[i])
			if want.ID == "" {
				want.ID, want.CreatedAt = wants[i].ID, db.Clock().Truncate(time.Microsecond)
			}
			if diff := cmp.Diff(want, wants[i]); diff != "" {
				t.Errorf("returned (-want +got):\n%s", diff)
			}
			return err
		})
	}
	got := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Notification, error) {
		return tx.InboxAfter(ctx, id(1), 0, 10)
	})
	if diff := cmp.Diff(wants, got); diff != "" || got[2].ID == "" {
		t.Errorf("inbox (-want +got):\n%s", diff)
	}
}

// TestSeqIsGapFreeInCommitOrder lets fifty writers notify two recipients, a
// third of them failing after they took a number, while a reader follows: it
// must never see a number before all the smaller ones.
func (s suite) TestSeqIsGapFreeInCommitOrder(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 3)
	done := make(chan struct{})
	followed := make(chan error, 1)
	go func() {
		last := int64(0)
		for finished := false; ; {
			select {
			case <-done:
				finished = true // one last look
			default:
			}
			err := db.Read(context.Background(), func(tx *store.Tx) error {
				head, err := tx.InboxHead(context.Background(), id(1))
				if err != nil {
					return err
				}
				list, err := tx.InboxAfter(context.Background(), id(1), last, 1000)
				for _, n := range list {
					if n.Seq != last+1 {
						return fmt.Errorf("seq %d came after %d", n.Seq, last)
					}
					last = n.Seq
				}
				if err == nil && last != head {
					return fmt.Errorf("head is %d, the newest entry %d", head, last)
				}
				return err
			})
			if err != nil || finished {
				followed <- err
				return
			}
		}
	}()
	const writers = 60
	race(t, writers, func(i int) (bool, error) {
		undo := fmt.Errorf("changed my mind")
		err := db.Write(context.Background(), func(tx *store.Tx) error {
			ctx := context.Background()
			for _, who := range []int{1, 2, 1} { // a recipient may get two in one act
				if err := notify(ctx, tx, who, fmt.Sprint(i)); err != nil {
					return err
				}
			}
			if i%3 == 0 {
				return undo
			}
			return nil
		})
		if i%3 == 0 && err != undo {
			return false, fmt.Errorf("got %w, want fn's own error", err)
		}
		if i%3 != 0 && err != nil {
			return false, err
		}
		return true, nil
	})
	close(done)
	if err := <-followed; err != nil {
		t.Error(err)
	}
	for who, want := range map[int]int64{1: writers / 3 * 2 * 2, 2: writers / 3 * 2} {
		if got := fetch(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InboxHead(ctx, id(who)) }); got != want {
			t.Errorf("head of user %d: got %d, want %d", who, got, want)
		}
	}
}

func (s suite) TestInboxReading(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 3)
	var ids []string
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for range 10 {
			n, err := tx.Notify(ctx, gallery.Notification{RecipientID: id(1)})
			if err != nil {
				return err
			}
			ids = append(ids, n.ID)
			if err := notify(ctx, tx, 2, "another's"); err != nil {
				return err
			}
		}
		return nil
	})
	after := func(seq int64, limit int) (seqs []int64) {
		for _, n := range fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Notification, error) {
			return tx.InboxAfter(ctx, id(1), seq, limit)
		}) {
			seqs = append(seqs, n.Seq)
		}
		return seqs
	}
	for _, c := range []struct {
		after int64
		limit int
		want  []int64
	}{{0, 3, []int64{1, 2, 3}}, {8, 100, []int64{9, 10}}, {10, 5, nil}, {99, 5, nil}, {0, 0, nil}, {0, -1, nil}} {
		if got := after(c.after, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("after %d, %d at most: got %v, want %v", c.after, c.limit, got, c.want)
		}
	}
	for _, step := range []struct {
		name   string
		mark   func(ctx context.Context, tx *store.Tx) error
		unread int64
	}{
		{"nothing yet", func(context.Context, *store.Tx) error { return nil }, 10},
		{"by id", func(ctx context.Context, tx *store.Tx) error {
			return tx.MarkRead(ctx, id(1), []string{ids[9], ids[0], "none"}, at(1))
		}, 8},
		{"again", func(ctx context.Context, tx *store.Tx) error { return tx.MarkRead(ctx, id(1), ids[:1], at(9)) }, 8},
		{"by another", func(ctx context.Context, tx *store.Tx) error { return tx.MarkRead(ctx, id(2), ids, at(1)) }, 8},
		{"up to", func(ctx context.Context, tx *store.Tx) error { return tx.MarkReadUpTo(ctx, id(1), 4, at(2)) }, 5},
		{"up to zero", func(ctx context.Context, tx *store.Tx) error { return tx.MarkReadUpTo(ctx, id(1), 0, at(2)) }, 5},
		{"no ids", func(ctx context.Context, tx *store.Tx) error { return tx.MarkRead(ctx, id(1), nil, at(2)) }, 5},
		{"many ids", func(ctx context.Context, tx *store.Tx) error {
			return tx.MarkRead(ctx, id(1), append(make([]string, 33_000), ids[4]), at(2))
		}, 4},
	} {
		write(t, db, step.mark)
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.UnreadCount(ctx, id(1))
			if err != nil {
				return err
			}
			list, _, err := tx.Inbox(ctx, id(1), true, gallery.Page{})
			if n != step.unread || int64(len(list)) != step.unread {
				t.Errorf("%s: got %d unread, %d listed, want %d", step.name, n, len(list), step.unread)
			}
			return err
		})
	}
	first := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Notification, error) {
		return tx.InboxAfter(ctx, id(1), 0, 1)
	})
	if !first[0].ReadAt.Equal(at(1)) {
		t.Errorf("read at: got %v, want the first time, %v", first[0].ReadAt, at(1))
	}
	if n := fetch(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.UnreadCount(ctx, id(2)) }); n != 10 {
		t.Errorf("another's unread: got %d, want 10", n)
	}
}

func (s suite) TestPurgeInbox(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n := 1; n <= 4; n++ {
			if _, err := tx.Notify(ctx, gallery.Notification{RecipientID: id(1), CreatedAt: at(n)}); err != nil {
				return err
			}
		}
		if err := tx.PurgeInbox(ctx, at(3)); err != nil {
			return err
		}
		n, err := tx.Notify(ctx, gallery.Notification{RecipientID: id(1), CreatedAt: at(5)})
		if n.Seq != 5 {
			t.Errorf("seq after the purge: got %d, want 5", n.Seq)
		}
		return err
	})
	list := fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]gallery.Notification, error) {
		return tx.InboxAfter(ctx, id(1), 0, 9)
	})
	if len(list) != 3 || list[0].Seq != 3 {
		t.Errorf("after the purge: got %+v, want seq 3 to 5", list)
	}
}
