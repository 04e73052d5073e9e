package websockets_test

import (
	"context"
	"fmt"
	"testing"

	client "github.com/coder/websocket"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/websockets"
)

func TestArtworkStatusIsExact(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang(`<b>"Ümlaut" & 日本</b>`)
	s := h.dial(t, "/ws/artwork/"+a.ID+"/")
	status := func(revealed bool) string {
		return fmt.Sprintf(`{"type": "artwork_status", "is_revealed": %t, "artwork": {"id": %q, "title": "<b>\"Ümlaut\" & 日本</b>"}}`, revealed, a.ID)
	}
	s.want(status(false))
	s.say(`{"type": "check_status"}`)
	s.want(status(false))
	h.tellReveal(t, h.wall.reveal(a.ID))
	s.want(fmt.Sprintf(`{"type": "artwork_revealed", "artwork": {"id": %q, "title": "<b>\"Ümlaut\" & 日本</b>", "artist": "frida", "is_revealed": true}}`, a.ID))
	s.say(`{"type": "check_status"}`)
	s.want(status(true))
}

// tellReveal publishes a reveal, as the relay does after the commit.
func (h *house) tellReveal(t testing.TB, a gallery.ArtworkState) {
	t.Helper()
	n := gallery.Notification{RecipientID: "nobody", Seq: 1, Data: gallery.NotificationData{Type: gallery.ArtworkRevealed}}
	if err := h.events.NotifyArtworkRevealed(context.Background(), a, n); err != nil {
		t.Errorf("tell of the reveal: %v", err)
	}
}

func TestRevealIsSaidOnce(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	s, _ := h.watch(t, a.ID)
	revealed := h.wall.reveal(a.ID)
	for range 3 {
		h.tellReveal(t, revealed)
	}
	h.broker.resubscribe()
	if m := s.next(); !hasType(m, "artwork_revealed") {
		t.Fatalf("first message: got %v, want artwork_revealed", m)
	}
	s.quiet()

	late, status := h.watch(t, a.ID)
	if status["is_revealed"] != true {
		t.Errorf("status after the reveal: got %v, want is_revealed true", status)
	}
	h.tellReveal(t, revealed)
	late.quiet()
}

// TestCheckStatusFindsTheReveal: the store says so before the broker does.
func TestCheckStatusFindsTheReveal(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	s, _ := h.watch(t, a.ID)
	revealed := h.wall.reveal(a.ID)
	s.say(`{"type": "check_status"}`)
	if m := s.next(); !hasType(m, "artwork_revealed") {
		t.Errorf("first answer: got %v, want artwork_revealed", m)
	}
	if m := s.next(); !hasType(m, "artwork_status") || m["is_revealed"] != true {
		t.Errorf("second answer: got %v, want artwork_status with is_revealed true", m)
	}
	h.tellReveal(t, revealed)
	s.quiet()
}

// TestStaleReadTakesNothingBack: the reveal is committed and told while a
// check_status has read the store and not yet answered.
func TestStaleReadTakesNothingBack(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	s, _ := h.watch(t, a.ID)
	h.wall.onStateRead(func(id string) {
		h.wall.onStateRead(nil)
		h.tellReveal(t, h.wall.reveal(id))
	})
	s.say(`{"type": "check_status"}`)
	if m := s.next(); !hasType(m, "artwork_revealed") {
		t.Errorf("first message: got %v, want artwork_revealed", m)
	}
	if m := s.next(); !hasType(m, "artwork_status") || m["is_revealed"] != true {
		t.Errorf("second message: got %v, want artwork_status with is_revealed true, though the read said false", m)
	}
}

// TestRevealWhileOpening: it is committed and told after the handshake has read
// the store and before the socket is open.
func TestRevealWhileOpening(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	h.wall.onStateRead(func(id string) {
		h.wall.onStateRead(nil)
		h.tellReveal(t, h.wall.reveal(id))
	})
	s, status := h.watch(t, a.ID)
	if status["is_revealed"] != false {
		t.Errorf("first status: got %v, want is_revealed false, as it was read", status)
	}
	if m := s.next(); !hasType(m, "artwork_revealed") {
		t.Errorf("second message: got %v, want artwork_revealed", m)
	}
	s.quiet()
}

func TestMissedRevealIsMadeGood(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	hidden, shown := h.wall.hang("Hidden"), h.wall.hang("Shown")
	one, _ := h.watch(t, hidden.ID)
	two, _ := h.watch(t, shown.ID)
	h.wall.reveal(shown.ID) // and nobody tells
	h.broker.resubscribe()
	if m := two.next(); !hasType(m, "artwork_revealed") {
		t.Errorf("after the re-subscription: got %v, want artwork_revealed", m)
	}
	two.quiet()
	one.quiet()
}

func TestDeletedArtworkClosesItsSockets(t *testing.T) {
	for name, tell := range map[string]func(h *house, id string){
		"told": func(h *house, id string) {
			if err := h.events.ArtworkDeleted(context.Background(), id); err != nil {
				t.Error(err)
			}
		},
		"found after a re-subscription": func(h *house, _ string) { h.broker.resubscribe() },
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t, websockets.Settings{})
			a := h.wall.hang("Nocturne")
			s, _ := h.watch(t, a.ID)
			h.wall.take(a.ID)
			tell(h, a.ID)
			s.wantClose(websockets.CloseDeleted)
		})
	}
	t.Run("found by check_status", func(t *testing.T) {
		h := openHouse(t, websockets.Settings{})
		a := h.wall.hang("Nocturne")
		s, _ := h.watch(t, a.ID)
		h.wall.take(a.ID)
		s.say(`{"type": "check_status"}`)
		s.wantClose(websockets.CloseDeleted)
	})
	t.Run("while the socket opens", func(t *testing.T) {
		h := openHouse(t, websockets.Settings{})
		a := h.wall.hang("Nocturne")
		h.wall.onStateRead(func(id string) {
			h.wall.onStateRead(nil)
			h.wall.take(id)
			if err := h.events.ArtworkDeleted(context.Background(), id); err != nil {
				t.Error(err)
			}
		})
		s, _ := h.watch(t, a.ID)
		s.wantClose(websockets.CloseDeleted)
	})
}

// TestBrokenStoreNeverLies: what cannot be read is not answered.
func TestBrokenStoreNeverLies(t *testing.T) {
	for name, act := range map[string]func(h *house, s *socket){
		"check_status":      func(_ *house, s *socket) { s.say(`{"type": "check_status"}`) },
		"a re-subscription": func(h *house, _ *socket) { h.broker.resubscribe() },
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t, websockets.Settings{})
			a := h.wall.hang("Nocturne")
			s, _ := h.watch(t, a.ID)
			h.wall.breakDown(errBroken)
			act(h, s)
			m, err := s.read()
			if got, want := client.CloseStatus(err), websockets.CloseServerBusy; int(got) != want {
				t.Errorf("with a broken store: got message %v and close code %d, want %d and nothing said", m, got, want)
			}
		})
	}
}

// TestClientMessages: whatever a client says, it is answered or ignored, and
// the socket lives.
func TestClientMessages(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	s, _ := h.watch(t, a.ID)
	for _, message := range oddMessages {
		s.say(message)
		s.quiet()
	}
	s.say(`{"type": "hidden", "type": "check_status", "n": 1e999999}`)
	if m := s.next(); !hasType(m, "artwork_status") {
		t.Errorf("duplicate names, the last of which asks: got %v, want artwork_status", m)
	}
}
