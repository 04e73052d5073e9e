package curator_test

import (
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/pubsub"
)

// TestClocksOfTwoNodes: one is five seconds ahead and one five behind the
// database. Works hung on either reveal at the database's time, and no act on
// either reveals them before.
func TestClocksOfTwoNodes(t *testing.T) {
	source := servers.Database(t)
	shifted := func(d time.Duration) func() time.Time {
		return func() time.Time { return time.Now().Add(d) }
	}
	broker := pubsub.NewMemory()
	ahead := open(t, plan{source: source, node: "ahead", broker: broker, now: shifted(5 * time.Second)})
	behind := ahead.beside(plan{node: "behind", broker: broker, now: shifted(-5 * time.Second)})
	for name, nodes := range map[string][2]*house{"hung on the one ahead": {ahead, behind}, "hung on the one behind": {behind, ahead}} {
		t.Run(name, func(t *testing.T) {
			h := nodes[0]
			artist := h.person("ana"+name[len(name)-5:], true)
			instant := time.Now().Add(1500 * time.Millisecond).Truncate(time.Microsecond)
			art := h.hang(artist, gallery.RevealAny, at(instant))
			work := h.listen("artwork:" + art.ID)
			for i, fan := 0, h.people("p"+name[len(name)-5:], 6); time.Until(instant) > 200*time.Millisecond; i++ {
				seen, err := nodes[i%2].Look(t.Context(), fan[i%len(fan)], art.ID)
				if early := time.Until(instant); err != nil || seen.IsRevealed() && early > 0 {
					t.Fatalf("a view %v before the instant: revealed %t, %v", early, seen.IsRevealed(), err)
				}
				time.Sleep(50 * time.Millisecond)
			}
			if late := work.await(t, 1)[0].at.Sub(instant); late < 0 || late > 500*time.Millisecond {
				t.Errorf("told %v after the instant, want up to 50 ms", late)
			}
		})
	}
}

// TestClockThatJumpsAhead: after the node has compared it with the database's.
// It must not reveal early, by the clock or by an act, nor ask without a pause
// until the time has come.
func TestClockThatJumpsAhead(t *testing.T) {
	var ahead, asked atomic.Int64
	h := open(t, plan{source: servers.Database(t), node: "a", idle: true, now: func() time.Time {
		asked.Add(1)
		return time.Now().Add(time.Duration(ahead.Load()))
	}})
	artist, fans := h.person("ana", true), h.people("p", 2)
	instant := time.Now().Add(1500 * time.Millisecond).Truncate(time.Microsecond)
	art := h.hang(artist, gallery.RevealAny, at(instant))
	work := h.listen("artwork:" + art.ID)
	ahead.Store(int64(5 * time.Second))
	if seen, err := h.Look(t.Context(), fans[0], art.ID); err != nil || seen.IsRevealed() {
		t.Fatalf("a view long before the instant: revealed %t, %v", seen.IsRevealed(), err)
	}
	before := asked.Load()
	h.run()
	if late := work.await(t, 1)[0].at.Sub(instant); late < 0 || late > 500*time.Millisecond {
		t.Errorf("told %v after the instant, want up to 50 ms", late)
	}
	if got := asked.Load() - before; got > 200 {
		t.Errorf("asked for the time %d times within 1.5 s, want a few dozen", got)
	}
	if seen, err := h.Look(t.Context(), fans[1], art.ID); err != nil || !seen.IsRevealed() {
		t.Errorf("a view after it: revealed %t, %v", seen.IsRevealed(), err)
	}
}
