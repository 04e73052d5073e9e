package curator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/store"
)

// moody is a broker that can be away, and that can hold whoever publishes.
type moody struct {
	pubsub.Broker
	away  atomic.Bool
	deaf  atomic.Pointer[string]        // a channel that alone cannot be published to
	holds atomic.Pointer[chan struct{}] // until closed
	tries atomic.Int64
}

func (m *moody) Publish(ctx context.Context, channel string, message []byte) error {
	m.tries.Add(1)
	if held := m.holds.Load(); held != nil {
		select {
		case <-*held:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if deaf := m.deaf.Load(); m.away.Load() || deaf != nil && *deaf == channel {
		return errors.New("nobody there")
	}
	return m.Broker.Publish(ctx, channel, message)
}

// TestWhatWasWrittenBeforeTheStartIsTold: by this curator before it ran, by
// another process, by one that died.
func TestWhatWasWrittenBeforeTheStartIsTold(t *testing.T) {
	h := open(t, plan{idle: true})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, views(1))
	if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
		t.Fatal(err)
	}
	if seen, err := h.Look(t.Context(), fan, art.ID); err != nil || !seen.IsRevealed() {
		t.Fatalf("a view before the start: revealed %t, %v", seen.IsRevealed(), err)
	}
	if got := h.waiting(); got != 2 {
		t.Fatalf("%d rows in the outbox, want 2", got)
	}
	user, work := h.listen("user:"+artist.User.ID), h.listen("artwork:"+art.ID)
	h.run()
	user.await(t, 2)
	want := []gallery.EventKind{gallery.EventNewComment, gallery.EventArtworkRevealed}
	if diff := cmp.Diff(want, user.kinds()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	eventually(t, "the outbox empties", func() bool { return h.waiting() == 0 })
	if got := len(work.all()); got != 1 {
		t.Errorf("the work's channel heard %d messages, want 1", got)
	}
}

// TestSweepTellsWhatAnotherProcessWrote: through a store handle of its own, and
// within the sweep's second or so.
func TestSweepTellsWhatAnotherProcessWrote(t *testing.T) {
	h := open(t, plan{})
	other, err := store.Open(t.Context(), h.dir+"/gallery.db", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	system := h.listen("system")
	begun := time.Now()
	err = other.Write(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Announce(t.Context(), gallery.Announcement{Message: "from afar", ExpiresAt: time.Now().Add(time.Hour)})
		if err != nil {
			return err
		}
		return tx.Enqueue(t.Context(), gallery.Event{Kind: gallery.EventSystemMessage, Announcement: n}, "")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := system.await(t, 1)[0]; got.at.Sub(begun) > 10*time.Second || !strings.Contains(string(got.Message), "from afar") {
		t.Errorf("heard %s after %v, want the announcement within a second", got.Message, got.at.Sub(begun))
	}
	eventually(t, "the outbox empties", func() bool { return h.waiting() == 0 })
}

// TestBrokerAway: the answer does not notice, nothing is lost, nobody hears
// anything twice that was told once, and Ready knows.
func TestBrokerAway(t *testing.T) {
	broker := &moody{Broker: pubsub.NewMemory()}
	h := open(t, plan{broker: broker})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, comments(5))
	user := h.listen("user:" + artist.User.ID)
	if err := h.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	broker.away.Store(true)
	for i := range 5 {
		if _, err := h.Comment(t.Context(), fan, art.ID, fmt.Sprint("comment ", i)); err != nil {
			t.Fatalf("comment: %v", err)
		}
	}
	eventually(t, "Ready knows", func() bool { return gallery.CodeOf(h.Ready(t.Context())) == gallery.Unavailable })
	if got, want := h.waiting(), 6; got != want {
		t.Errorf("%d rows in the outbox, want %d", got, want)
	}
	if got := user.all(); len(got) != 0 {
		t.Fatalf("heard %d messages from a broker that is away", len(got))
	}
	broker.away.Store(false)
	user.await(t, 6)
	eventually(t, "the outbox empties", func() bool { return h.waiting() == 0 })
	seen := map[int64]int{}
	for _, m := range user.all() {
		seen[m.Seq]++
	}
	for seq := int64(1); seq <= 6; seq++ {
		if seen[seq] != 1 {
			t.Errorf("seq %d was told %d times, want once", seq, seen[seq])
		}
	}
	if err := h.Ready(t.Context()); err != nil {
		t.Errorf("ready again: %v", err)
	}
}

// TestHangingBrokerHoldsUpNoAnswer: publishing waits, commenting does not.
func TestHangingBrokerHoldsUpNoAnswer(t *testing.T) {
	broker := &moody{Broker: pubsub.NewMemory()}
	h := open(t, plan{broker: broker})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, comments(100))
	user := h.listen("user:" + artist.User.ID)
	held := make(chan struct{})
	broker.holds.Store(&held)
	before := broker.tries.Load()
	var last time.Time
	for range 20 {
		if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
			t.Fatalf("comment: %v", err)
		}
		last = time.Now()
	}
	eventually(t, "something is being published", func() bool { return broker.tries.Load() > before })
	close(held)
	for _, m := range user.await(t, 20) {
		if m.at.Before(last) && m.Seq == 20 {
			t.Errorf("message %d was told before its answer", m.Seq)
		}
	}
}

// TestSweepLeavesAloneWhatIsQueued: when it comes while events wait for the one
// before them, nobody is told twice.
func TestSweepLeavesAloneWhatIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := &moody{Broker: pubsub.NewMemory()}
		h := open(t, plan{broker: broker})
		artist, fan := h.person("ana", true), h.person("ben", false)
		art := h.hang(artist, gallery.RevealAny, comments(100))
		user := h.listen("user:" + artist.User.ID)
		const rounds = 8 // each time the relay may just as well turn to the queue first
		for range rounds {
			held := make(chan struct{})
			broker.holds.Store(&held)
			for range 2 {
				if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
			time.Sleep(1100 * time.Millisecond) // a sweep is due
			broker.holds.Store(nil)
			close(held)
			synctest.Wait()
		}
		for i, m := range user.all() {
			if m.Seq != int64(i)+1 {
				t.Fatalf("message %d has seq %d, want each once and in order", i+1, m.Seq)
			}
		}
		if got := len(user.all()); got != 2*rounds {
			t.Errorf("heard %d messages, want %d", got, 2*rounds)
		}
	})
}

// TestMoreThanTheQueueHolds: what does not fit is told by the sweep.
func TestMoreThanTheQueueHolds(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	first := h.hang(artist, gallery.RevealAny, views(1))
	const works = 1100 // more than the queue holds
	var last gallery.Artwork
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range works {
			art := first
			art.ID, art.Conditions = fmt.Sprintf("0198b7b1-0000-7000-8000-%012d", i), nil
			if err := tx.InsertArtwork(t.Context(), art); err != nil {
				return err
			}
			last = art
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ear, user := h.listen("artwork:"+last.ID), h.listen("user:"+artist.User.ID)
	if err := h.DeleteAccount(t.Context(), artist, password); err != nil {
		t.Fatal(err)
	}
	ear.await(t, 1)
	user.await(t, 1)
	eventually(t, "the outbox empties", func() bool { return h.waiting() == 0 })
}

// TestEventsThatCannotBeToldHoldUpNobody: more of them than the relay has
// patience for, and older than those that can.
func TestEventsThatCannotBeToldHoldUpNobody(t *testing.T) {
	broker := &moody{Broker: pubsub.NewMemory()}
	h := open(t, plan{idle: true, broker: broker})
	ana, ben, fan := h.person("ana", true), h.person("ben", true), h.person("cleo", false)
	for _, artist := range []auth.Identity{ana, ben} {
		art := h.hang(artist, gallery.RevealAny, comments(100))
		for range 10 {
			if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
				t.Fatal(err)
			}
		}
	}
	broker.deaf.Store(new("user:" + ana.User.ID))
	first, second := h.listen("user:"+ana.User.ID), h.listen("user:"+ben.User.ID)
	h.run()
	second.await(t, 10)
	eventually(t, "only what cannot be told waits", func() bool { return h.waiting() == 10 })
	broker.deaf.Store(nil)
	first.await(t, 10)
	eventually(t, "the outbox empties", func() bool { return h.waiting() == 0 })
}

// TestUnknownEventHoldsUpNobody: a newer version may write kinds that this one
// does not know; they stay where they are.
func TestUnknownEventHoldsUpNobody(t *testing.T) {
	h := open(t, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, comments(100))
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		for range 5 {
			if err := tx.Enqueue(t.Context(), gallery.Event{Kind: "of_tomorrow"}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	beside := open(t, plan{dir: h.dir, idle: true})
	user, system := h.listen("user:"+artist.User.ID), h.listen("system")
	eventually(t, "the sweep has met them", func() bool { return strings.Contains(h.log.String(), "of_tomorrow") })
	if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
		t.Fatal(err)
	}
	if _, err := beside.Announce(t.Context(), "by the sweep"); err != nil {
		t.Fatal(err)
	}
	user.await(t, 1)
	system.await(t, 1)
	eventually(t, "only the unknown ones wait", func() bool { return h.waiting() == 5 })
	if err := h.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
}
