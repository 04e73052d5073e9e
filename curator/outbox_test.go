package curator_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/store"
)

// tired takes so many messages for one channel, and then none.
type tired struct {
	*moody
	channel string
	left    int // used by the relay alone
}

func (b *tired) Publish(ctx context.Context, channel string, message []byte) error {
	if channel == b.channel {
		if b.left--; b.left < 0 {
			return errors.New("too tired")
		}
	}
	return b.moody.Publish(ctx, channel, message)
}

// accounted checks that each of n notifications was told or waits in the outbox:
// once a row is gone nobody will tell it.
func (h *house) accounted(when string, to *ear, n int) {
	h.t.Helper()
	told, waits := map[int64]bool{}, map[int64]bool{}
	for _, m := range to.all() {
		told[m.Seq] = true
	}
	h.read(func(tx *store.Tx) error {
		rows, err := tx.Outbox(context.Background(), "", time.Now().Add(time.Hour), 1_000_000)
		for _, e := range rows {
			waits[e.Notification.Seq] = true
		}
		return err
	})
	for seq := int64(1); seq <= int64(n); seq++ {
		if !told[seq] && !waits[seq] {
			h.t.Errorf("%s: seq %d was not told, and is not in the outbox", when, seq)
		}
	}
}

// TestNothingLeavesTheOutboxUntold, however long it takes to tell it: not while
// it waits in a node's memory beside what was told, not when that node ends, and
// not while another claims it and cannot tell it either.
func TestNothingLeavesTheOutboxUntold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := pubsub.NewMemory()
		weak, mute := &tired{moody: &moody{Broker: wire}}, &moody{Broker: wire}
		a := open(t, plan{node: "a", broker: weak, idle: true})
		artist, fan := a.person("ana", true), a.person("ben", false)
		art := a.hang(artist, gallery.RevealAny, comments(1_000_000))
		channel := "user:" + artist.User.ID
		user := a.listen(channel)
		// More than are removed together, and some left beside them.
		const events, tellable = deleteBatch + 60, deleteBatch + 20
		weak.channel, weak.left = channel, tellable
		held := make(chan struct{})
		weak.holds.Store(&held)
		a.run()
		for range events {
			if _, err := a.Comment(t.Context(), fan, art.ID, "!"); err != nil {
				t.Fatal(err)
			}
		}
		a.accounted("while the first is being told", user, events)
		close(held)
		synctest.Wait()
		if got := len(user.all()); got != tellable {
			t.Fatalf("%d events were told, want %d", got, tellable)
		}
		a.accounted("when the broker fails", user, events)
		time.Sleep(2 * grace)
		a.accounted("after some sweeps", user, events)
		a.stop()
		a.accounted("when the node has ended", user, events)

		mute.deaf.Store(&channel)
		b := a.beside(plan{node: "b", broker: mute})
		time.Sleep(2 * grace)
		b.accounted("after another has claimed it", user, events)
		mute.away.Store(true)
		time.Sleep(90 * time.Minute) // and tidied up
		b.accounted("after a long outage", user, events)

		mute.deaf.Store(nil)
		mute.away.Store(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		user.once(t, events)
		if got := b.waiting(); got != 0 {
			t.Errorf("%d rows are left in the outbox", got)
		}
	})
}
