package websockets_test

import (
	"context"
	"slices"
	"testing"
	"time"

	client "github.com/coder/websocket"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/websockets"
)

// awaitBefore waits until exactly these are counted before a work, each for one
// socket; "" is an anonymous one.
func (h *house) awaitBefore(t testing.TB, artworkID string, want ...string) {
	t.Helper()
	slices.Sort(want)
	var got []string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if got = h.wall.before(artworkID); slices.Equal(got, want) {
			return
		}
	}
	t.Fatalf("counted before the work: got %q, want %q", got, want)
}

// watchAs opens a work's socket with a token and takes the first status.
func (h *house) watchAs(t testing.TB, id, token string) *socket {
	t.Helper()
	s := h.dial(t, "/ws/artwork/"+id+"/?token="+token)
	s.next()
	return s
}

func TestSocketsAreCountedBeforeTheirWork(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a, other := h.wall.hang("Nocturne"), h.wall.hang("Aubade")
	token, who := h.wall.enrol("frida", time.Hour)
	first, second := h.watchAs(t, a.ID, token), h.watchAs(t, a.ID, token)
	nobody := h.watchAs(t, a.ID, "forged")
	h.watch(t, other.ID)
	h.listen(t, token, "") // is before no work
	h.awaitBefore(t, a.ID, who.User.ID, who.User.ID, "")
	h.awaitBefore(t, other.ID, "")

	first.conn.Close(client.StatusNormalClosure, "")
	h.awaitBefore(t, a.ID, who.User.ID, "")
	second.conn.CloseNow()
	h.awaitBefore(t, a.ID, "")
	nobody.conn.CloseNow()
	h.awaitBefore(t, a.ID)
	if m, _, err := h.try(t, "/ws/artwork/"+newID()+"/?token="+token, nil); err == nil {
		t.Errorf("open the socket of no work: got %v, want a refusal", m)
	}
	h.awaitBefore(t, a.ID)
}

// TestWatcherStepsDown: when what opened an artwork socket ends, it stops to
// count as a person, and is otherwise none the worse.
func TestWatcherStepsDown(t *testing.T) {
	for name, test := range map[string]struct {
		life time.Duration
		end  func(h *house, who auth.Identity)
	}{
		"at the token's expiry": {300 * time.Millisecond, func(*house, auth.Identity) {}},
		"at a sign-out": {time.Hour, func(h *house, who auth.Identity) {
			h.signOut(t, who.User.ID) // a doorbell without a reason: everything still holds
			h.wall.revoke(who.SessionID)
			h.signOut(t, who.User.ID)
		}},
		"at a sign-out that nobody told of": {time.Hour, func(h *house, who auth.Identity) {
			h.wall.revoke(who.SessionID)
			h.broker.resubscribe()
		}},
		"at a sign-out while the store is away": {time.Hour, func(h *house, who auth.Identity) {
			h.wall.breakDown(gallery.Errorf(gallery.Unavailable, "The store is away."))
			h.wall.revoke(who.SessionID)
			h.signOut(t, who.User.ID)
			h.wall.awaitAsked(t, 3)
			h.wall.breakDown(nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t, websockets.Settings{})
			a := h.wall.hang("Nocturne")
			token, who := h.wall.enrol("frida", test.life)
			stays, other := h.wall.enrol("diego", time.Hour)
			s, theirs := h.watchAs(t, a.ID, token), h.watchAs(t, a.ID, stays)
			test.end(h, who)
			h.awaitBefore(t, a.ID, other.User.ID, "")
			s.quiet()
			h.tellReveal(t, h.wall.reveal(a.ID))
			for _, s := range []*socket{s, theirs} {
				if m := s.next(); !hasType(m, "artwork_revealed") {
					t.Errorf("after that: got %v, want artwork_revealed", m)
				}
			}
			s.conn.CloseNow()
			h.awaitBefore(t, a.ID, other.User.ID)
		})
	}
}

// TestWatcherStepsDownWhileOpening: the session ends after the token was found
// good and before the socket is open.
func TestWatcherStepsDownWhileOpening(t *testing.T) {
	for name, hook := range map[string]func(h *house, f func()){
		"before anybody listens": func(h *house, f func()) { h.wall.onAuthenticated(f) },
		"when it was confirmed":  func(h *house, f func()) { h.wall.onReauthenticated(f) },
		"after that":             func(h *house, f func()) { h.wall.onStateRead(func(string) { f() }) },
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t, websockets.Settings{})
			a := h.wall.hang("Nocturne")
			token, who := h.wall.enrol("frida", time.Hour)
			hook(h, func() {
				h.wall.onAuthenticated(nil)
				h.wall.onReauthenticated(nil)
				h.wall.onStateRead(nil)
				h.wall.revoke(who.SessionID)
				h.signOut(t, who.User.ID)
			})
			s := h.watchAs(t, a.ID, token)
			h.awaitBefore(t, a.ID, "")
			s.quiet()
		})
	}
}

// TestArtistBeforeAnotherWork: the artist hears of a reveal as a notification,
// on the same channel that tells of sign-outs; it is not that of the work the
// artist happens to look at.
func TestArtistBeforeAnotherWork(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	mine, theirs := h.wall.hang("Nocturne"), h.wall.hang("Aubade")
	token, who := h.wall.enrol("frida", time.Hour)
	s := h.watchAs(t, theirs.ID, token)
	n := h.wall.notify(who.User.ID, 1)[0]
	if err := h.events.NotifyArtworkRevealed(context.Background(), h.wall.reveal(mine.ID), n); err != nil {
		t.Fatal(err)
	}
	s.quiet()
}

// TestStatusOutlivesAnOutage: what is asked while the store is away is answered
// when it is back, each question once, and the socket lives.
func TestStatusOutlivesAnOutage(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	s, _ := h.watch(t, a.ID)
	h.wall.breakDown(gallery.Errorf(gallery.Unavailable, "The store is away."))
	const asked = 5
	for range asked {
		s.say(`{"type": "check_status"}`)
	}
	h.wall.awaitAsked(t, 3)
	h.wall.reveal(a.ID)
	h.wall.breakDown(nil)
	if m := s.next(); !hasType(m, "artwork_revealed") {
		t.Errorf("first message after the outage: got %v, want artwork_revealed", m)
	}
	for i := range asked {
		if m := s.next(); !hasType(m, "artwork_status") || m["is_revealed"] != true {
			t.Errorf("answer %d: got %v, want artwork_status with is_revealed true", i, m)
		}
	}
	s.say(`{"type": "check_status"}`)
	if m := s.next(); !hasType(m, "artwork_status") {
		t.Errorf("a question after the outage: got %v, want artwork_status", m)
	}
}

// TestTooManyQuestionsInAnOutage costs the server no more than MaxAsked do.
func TestTooManyQuestionsInAnOutage(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	s, _ := h.watch(t, a.ID)
	h.wall.breakDown(gallery.Errorf(gallery.Unavailable, "The store is away."))
	s.say(`{"type": "check_status"}`)
	h.wall.awaitAsked(t, 1) // the first is on its way, and will be answered besides
	for range 5 * websockets.MaxAsked {
		s.say(`{"type": "check_status"}`)
	}
	answers := make(chan map[string]any)
	go func() {
		defer close(answers)
		for {
			m, err := s.read()
			if err != nil {
				return
			}
			answers <- m
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil { // once it is answered, all before it was read
		t.Fatalf("ping during the outage: %v", err)
	}
	h.wall.breakDown(nil)
	for range websockets.MaxAsked + 1 {
		if m := <-answers; !hasType(m, "artwork_status") {
			t.Fatalf("after the outage: got %v, want artwork_status", m)
		}
	}
	h.tellReveal(t, h.wall.reveal(a.ID))
	if m := <-answers; !hasType(m, "artwork_revealed") {
		t.Errorf("after %d answers: got %v, want no more of them", websockets.MaxAsked+1, m)
	}
	s.conn.CloseNow()
	for range answers {
	}
}
