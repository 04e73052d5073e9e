package gallerytest_test

import (
	"fmt"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
)

// TestFleetClocksApart: whatever the clocks of the nodes say, works reveal when
// it is time by the database's clock, which here is the true one: nothing early
// and nothing late, on every node.
func TestFleetClocksApart(t *testing.T) {
	const ahead, behind = 5 * time.Second, -5 * time.Second
	for _, tt := range []struct {
		name   string
		clocks []time.Duration
	}{
		{"ahead", []time.Duration{ahead}},
		{"behind", []time.Duration{behind}},
		{"ahead and behind", []time.Duration{ahead, behind, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // they mostly wait
			revealsInTime(t, tt.clocks)
		})
	}
}

func revealsInTime(t *testing.T, clocks []time.Duration) {
	const works, late = 10, time.Second
	elsewhere := gallerytest.Elsewhere(t)
	var nodes []*gallerytest.Server
	for _, offset := range clocks {
		nodes = append(nodes, gallerytest.Start(t, gallerytest.Options{Change: func(c *node.Config) {
			elsewhere(c)
			c.Now = func() time.Time { return time.Now().Add(offset) }
		}}))
	}
	artist := nodes[0].Artist(t, "artist")
	// Far enough for everybody to be there before; the clocks are ten seconds
	// apart, so that one that is believed shows.
	due := time.Now().Add(4 * time.Second).Truncate(time.Millisecond)
	type watched struct {
		name   string
		socket *gallerytest.Socket
	}
	var watchers, inboxes []watched
	for i, n := range nodes {
		inboxes = append(inboxes, watched{fmt.Sprintf("inbox at %v", clocks[i]), artist.At(n.House).Listen(t, 0)})
	}
	var ids []string
	for w := range works {
		// Each is hung at another node, half of them for an instant that differs.
		when := due.Add(time.Duration(w%2) * 500 * time.Millisecond)
		work := artist.At(nodes[w%len(nodes)].House).Hang(t, gallerytest.Work{Title: fmt.Sprint(w), Conditions: gallerytest.At(when)})
		ids = append(ids, work.ID)
		for i, n := range nodes {
			s := n.Anybody().Watch(t, work.ID)
			if m := s.Expect(t, "artwork_status"); m.IsRevealed {
				t.Fatalf("work %d is revealed at the node at %v, %v before its time", w, clocks[i], time.Until(when))
			}
			watchers = append(watchers, watched{fmt.Sprintf("work %d, watcher at %v", w, clocks[i]), s})
		}
	}
	if !time.Now().Before(due) {
		t.Fatal("the machine was too slow: the works were due before everybody was there")
	}
	for i, w := range watchers {
		when := due.Add(time.Duration(i/len(nodes)%2) * 500 * time.Millisecond)
		if m := w.socket.Expect(t, "artwork_revealed"); m.Received.Before(when) || m.Received.After(when.Add(late)) {
			t.Errorf("%s: revealed %v after its time, want 0 to %v", w.name, m.Received.Sub(when), late)
		}
		w.socket.Settle(t)
		if got := w.socket.Count("artwork_revealed"); got != 1 {
			t.Errorf("%s: it heard of the reveal %d times, want 1", w.name, got)
		}
	}
	for i, id := range ids {
		when := due.Add(time.Duration(i%2) * 500 * time.Millisecond)
		if a := artist.Look(t, id); a.RevealedAt == nil || a.RevealedAt.Before(when) || a.RevealedAt.After(when.Add(late)) {
			t.Errorf("work %d says that it was revealed at %v, want %v or a little later", i, a.RevealedAt, when)
		}
	}
	for _, b := range inboxes {
		inboxOf(t, b.socket, 0, works)
	}
}
