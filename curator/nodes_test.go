package curator_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/store"
)

// grace is how long a node's rows are left to it.
const grace = 5 * time.Second

// deleteBatch is how many rows of told events are removed together.
const deleteBatch = 500

// pair is two nodes over one store and one channel layer, each with a way to it
// of its own.
func pair(t *testing.T, p plan) (a, b *house, toA, toB *moody) {
	t.Helper()
	wire := pubsub.NewMemory()
	toA, toB = &moody{Broker: wire}, &moody{Broker: wire}
	p.node, p.broker = "a", toA
	a = open(t, p)
	p.node, p.broker = "b", toB
	return a, a.beside(p), toA, toB
}

// once checks that what was heard is seq 1 to n, each so often.
func (e *ear) once(t *testing.T, n int) {
	t.Helper()
	times := map[int64]int{}
	for _, m := range e.all() {
		times[m.Seq]++
	}
	for seq := int64(1); seq <= int64(n); seq++ {
		if times[seq] != 1 {
			t.Errorf("seq %d was told %d times, want once", seq, times[seq])
		}
	}
	if len(times) != n {
		t.Errorf("%d events were told, want %d", len(times), n)
	}
}

// TestTwoNodesTellEverythingOnce: what happens on either, and what a command
// writes for whoever comes first, while both sweep.
func TestTwoNodesTellEverythingOnce(t *testing.T) { onBoth(t, twoNodesTellEverythingOnce) }

func twoNodesTellEverythingOnce(t *testing.T, p plan) {
	a, b, _, _ := pair(t, p)
	operator := a.beside(plan{idle: true})
	artist, fan := a.person("ana", true), a.person("ben", false)
	art := a.hang(artist, gallery.RevealAny, comments(1000))
	user, system := a.listen("user:"+artist.User.ID), a.listen("system")
	const each, announcements = 60, 30
	together(3, func(i int) {
		for n := range each {
			var err error
			switch {
			case i < 2:
				_, err = []*house{a, b}[i].Comment(t.Context(), fan, art.ID, fmt.Sprint(n))
			case n < announcements:
				_, err = operator.Announce(t.Context(), fmt.Sprint(n))
			}
			if err != nil {
				t.Errorf("act %d of %d: %v", n, i, err)
			}
		}
	})
	user.await(t, 2*each)
	system.await(t, announcements)
	eventually(t, "the outbox empties", func() bool { return a.waiting() == 0 })
	user.once(t, 2*each)
	system.once(t, announcements)
}

// TestNodeThatDiedBeforeTelling: its rows are told by another one when their
// time has run out, not before, and at once by its own successor.
func TestNodeThatDiedBeforeTelling(t *testing.T) {
	for name, c := range map[string]struct {
		successor   string
		least, most time.Duration
	}{
		"another node":  {"b", grace, grace + 500*time.Millisecond},
		"its successor": {"a", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dead := open(t, plan{node: "a", idle: true}) // commits, and never tells
				artist, fan := dead.person("ana", true), dead.person("ben", false)
				art := dead.hang(artist, gallery.RevealAny, comments(2))
				for range 2 {
					if _, err := dead.Comment(t.Context(), fan, art.ID, "!"); err != nil {
						t.Fatal(err)
					}
				}
				died := time.Now()
				h := dead.beside(plan{node: c.successor, idle: true})
				user := h.listen("user:" + artist.User.ID)
				h.run()
				time.Sleep(2 * grace)
				synctest.Wait()
				user.once(t, 3)
				for _, m := range user.all() {
					if late := m.at.Sub(died); late < c.least || late > c.most {
						t.Errorf("seq %d was told %v after the death, want %v to %v", m.Seq, late, c.least, c.most)
					}
				}
				if got := h.waiting(); got != 0 {
					t.Errorf("%d rows are left in the outbox", got)
				}
			})
		})
	}
}

// TestClaimsOfTheDeadAndTheLiving on both engines: rows that a node has claimed
// and let go are told within a second, and those it has just claimed are not.
func TestClaimsOfTheDeadAndTheLiving(t *testing.T) { onBoth(t, claimsOfTheDeadAndTheLiving) }

func claimsOfTheDeadAndTheLiving(t *testing.T, p plan) {
	p.node = "a"
	h := open(t, p)
	system := h.listen("system")
	now := h.db.Clock()
	claimed := map[string]time.Time{"dead": now.Add(-2 * grace), "alive": now.Add(time.Minute)}
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		for node, at := range claimed {
			n, err := tx.Announce(t.Context(), gallery.Announcement{Message: node, ExpiresAt: now.Add(time.Hour)})
			if err != nil {
				return err
			}
			e := gallery.Event{ID: newID(), Kind: gallery.EventSystemMessage, Announcement: n}
			if err := tx.Enqueue(t.Context(), e, node); err != nil {
				return err
			}
			if got, err := tx.ClaimOutbox(t.Context(), node, now, at, []string{e.ID}); err != nil || len(got) != 1 {
				return fmt.Errorf("claim for %s: got %q, %w", node, got, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	written := time.Now()
	if late := system.await(t, 1)[0].at.Sub(written); late > 10*time.Second {
		t.Errorf("told %v late, want it within a second", late)
	}
	eventually(t, "only the living node's row waits", func() bool { return h.waiting() == 1 })
	if got := system.all(); len(got) != 1 {
		t.Errorf("heard %d announcements, want the dead node's alone", len(got))
	}
}

// TestCommandIsToldWithinHalfASecond by nodes whose clock is a fake one.
func TestCommandIsToldWithinHalfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _, _ := pair(t, plan{})
		operator := a.beside(plan{idle: true})
		system := a.listen("system")
		for i := range 10 {
			time.Sleep(730 * time.Millisecond)
			begun := time.Now()
			if _, err := operator.Announce(t.Context(), "hear, hear"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			synctest.Wait()
			if got := system.all(); len(got) != i+1 {
				t.Fatalf("%d announcements were told %v after the last of %d", len(got), time.Since(begun), i+1)
			}
		}
		system.once(t, 10)
	})
}

// storm has somebody comment 50 times a second for as long, now here, now
// there, and returns how many comments that were.
func storm(t *testing.T, d time.Duration, artwork string, nodes ...*house) (n int) {
	fan := nodes[0].person("stormy", false)
	for end := time.Now().Add(d); time.Now().Before(end); n++ {
		if _, err := nodes[n%len(nodes)].Comment(t.Context(), fan, artwork, "!"); err != nil {
			t.Fatalf("a comment while the broker is away: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return n
}

// TestBrokerAwayInAStorm: for ten seconds in which both nodes go on writing.
// Nothing is lost, nothing is told twice, the outbox drains, nobody hammers the
// broker, and the log is calm.
func TestBrokerAwayInAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, toA, toB := pair(t, plan{})
		artist := a.person("ana", true)
		art := a.hang(artist, gallery.RevealAny, comments(1_000_000))
		user := a.listen("user:" + artist.User.ID)
		toA.away.Store(true)
		toB.away.Store(true)
		var tries [2]int64
		tries[0], tries[1] = toA.tries.Load(), toB.tries.Load()
		n := storm(t, 10*time.Second, art.ID, a, b)
		for i, m := range []*moody{toA, toB} {
			if got := m.tries.Load() - tries[i]; got < 10 || got > 50 {
				t.Errorf("node %d tried %d times in 10 s and %d events, want about two a second", i, got, n)
			}
		}
		toA.away.Store(false)
		toB.away.Store(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		user.once(t, n)
		if got := a.waiting(); got != 0 {
			t.Errorf("%d rows are left in the outbox", got)
		}
		for _, h := range []*house{a, b} {
			if lines := h.log.lines("tell what happened"); len(lines) != 2 {
				t.Errorf("got %d lines in the log, want one when the broker went and one when it was back: %q", len(lines), lines)
			}
			if err := h.Ready(t.Context()); err != nil {
				t.Errorf("ready again: %v", err)
			}
		}
	})
}

// TestNodeCutFromTheBroker: the other one tells what happens on it, once, and
// it does not need anything to happen to be ready again.
func TestNodeCutFromTheBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, toA, _ := pair(t, plan{})
		artist := a.person("ana", true)
		art := a.hang(artist, gallery.RevealAny, comments(1_000_000))
		user := a.listen("user:" + artist.User.ID)
		toA.away.Store(true)
		n := storm(t, 3*time.Second, art.ID, a)
		if got := len(user.all()); got != 0 {
			t.Fatalf("heard %d events of a node that is cut off", got)
		}
		refusedWith(t, "ready while cut off", a.Ready(t.Context()), gallery.Unavailable)
		time.Sleep(grace + time.Second)
		synctest.Wait()
		user.once(t, n)
		if got := b.waiting(); got != 0 {
			t.Errorf("%d rows are left in the outbox", got)
		}
		toA.away.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if err := a.Ready(t.Context()); err != nil {
			t.Errorf("ready again: %v", err)
		}
		user.once(t, n)
	})
}

// TestSlowBrokerIsNotOvertaken: a node that takes long over its queue leaves
// what it does not get to in time to whoever claims it.
func TestSlowBrokerIsNotOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := pubsub.NewMemory()
		slow := &sluggish{Broker: wire}
		a := open(t, plan{node: "a", broker: slow})
		a.beside(plan{node: "b", broker: wire})
		artist, fan := a.person("ana", true), a.person("ben", false)
		art := a.hang(artist, gallery.RevealAny, comments(1_000_000))
		user := a.listen("user:" + artist.User.ID)
		const events = 300 // half a minute's work for the slow one
		together(events, func(int) {
			if _, err := a.Comment(t.Context(), fan, art.ID, "!"); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		user.once(t, events)
	})
}

// sluggish is a broker that takes a tenth of a second over each message.
type sluggish struct{ pubsub.Broker }

func (s *sluggish) Publish(ctx context.Context, channel string, message []byte) error {
	time.Sleep(100 * time.Millisecond)
	return s.Broker.Publish(ctx, channel, message)
}

// TestNodesDoNotSweepInStep: two nodes that started together would else claim
// the same rows for ever.
func TestNodesDoNotSweepInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var at [2][]time.Time
		wire := pubsub.NewMemory()
		for i, node := range []string{"a", "b"} {
			h := open(t, plan{node: node, broker: &deafWire{wire, func() {
				mu.Lock()
				defer mu.Unlock()
				at[i] = append(at[i], time.Now())
			}}, idle: true})
			fan, artist := h.person("ben", false), h.person("ana", true)
			art := h.hang(artist, gallery.RevealAny, comments(9))
			if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
				t.Fatal(err)
			}
			h.run()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		same := 0
		for _, x := range at[0] {
			for _, y := range at[1] {
				if x.Equal(y) {
					same++
				}
			}
		}
		if n := len(at[0]); n < 100 || n > 160 || same > 3 {
			t.Errorf("%d tries in a minute, %d of them at the moments of the other node's, want about 130 and none", n, same)
		}
	})
}

// deafWire takes nothing, and says when it was asked to.
type deafWire struct {
	pubsub.Broker
	tried func()
}

func (d *deafWire) Publish(context.Context, string, []byte) error {
	d.tried()
	return context.DeadlineExceeded
}
