package curator_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/pubsub"
)

// through puts a wire that can be cut into the way to a database.
func through(t *testing.T, source string) (*servers.Wire, string) {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	wire := servers.Proxy(t, u.Host)
	u.Host = wire.Addr
	return wire, u.String()
}

// TestStoreAway: a node that is cut from the database refuses what it is asked,
// with the advice to come back, and ends nothing; when it is back it reveals
// what fell due, tells what was left, and counts views, all by itself. The log
// has a few lines about it, not a few a second.
func TestStoreAway(t *testing.T) {
	wire, source := through(t, servers.Database(t))
	broker := &moody{Broker: pubsub.NewMemory()}
	h := open(t, plan{source: source, node: "a", broker: broker})
	artist, fan := h.person("ana", true), h.person("ben", false)
	talked, seen := h.hang(artist, gallery.RevealAny, comments(9)), h.hang(artist, gallery.RevealAny, views(2))
	user := h.listen("user:" + artist.User.ID)
	broker.away.Store(true)
	if _, err := h.Comment(t.Context(), fan, talked.ID, "!"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the comment waits for a sweep", func() bool { return h.Ready(t.Context()) != nil })
	instant := time.Now().Add(2 * time.Second)
	due := h.hang(artist, gallery.RevealAny, at(instant))
	work := h.listen("artwork:" + due.ID)
	wire.Cut()
	broker.away.Store(false)
	for time.Since(instant) < time.Second {
		_, err := h.Look(t.Context(), fan, seen.ID)
		refusedWith(t, "a view while the store is away", err, gallery.Unavailable)
		refusedWith(t, "ready while the store is away", h.Ready(t.Context()), gallery.Unavailable)
		time.Sleep(20 * time.Millisecond)
	}
	if got := len(user.all()) + len(work.all()); got != 0 {
		t.Errorf("heard %d messages while nothing can be read", got)
	}
	wire.Heal(t)
	healed := time.Now()
	user.await(t, 2) // the comment and the reveal
	if late := work.await(t, 1)[0].at.Sub(healed); late > 10*time.Second {
		t.Errorf("revealed %v after the store was back, want it within two seconds", late)
	}
	for _, who := range append(h.people("late", 1), fan) {
		if _, err := h.Look(t.Context(), who, seen.ID); err != nil {
			t.Errorf("a view after the outage: %v", err)
		}
	}
	user.await(t, 3)
	user.once(t, 3)
	eventually(t, "the outbox empties", func() bool { return h.waiting() == 0 })
	for _, worker := range []string{"sweep the outbox", "reveal what is due"} {
		if lines := h.log.lines(worker); len(lines) < 2 || len(lines) > 4 || !strings.Contains(lines[len(lines)-1], "works again") {
			t.Errorf("%s: got %d lines in the log, want one when the store went and one when it was back: %q", worker, len(lines), lines)
		}
	}
}
