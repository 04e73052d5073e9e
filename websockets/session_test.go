package websockets_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"invisibleart.example/gallery/websockets"
)

func (h *house) signOut(t testing.TB, userID string) {
	t.Helper()
	if err := h.events.SignedOut(context.Background(), userID); err != nil {
		t.Errorf("tell of a sign-out: %v", err)
	}
}

// TestSignOut ends the sockets of the session that was ended, and no other.
func TestSignOut(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	token, who := h.wall.enrol("frida", time.Hour)
	otherSession, _ := h.wall.again(who)
	otherUser, _ := h.wall.enrol("diego", time.Hour)
	ends := []*socket{h.listen(t, token, ""), h.listen(t, token, "&since=0")}
	stays, theirs := h.listen(t, otherSession, ""), h.listen(t, otherUser, "")
	watching := h.dial(t, "/ws/artwork/"+a.ID+"/?token="+token)
	watching.next()

	h.signOut(t, who.User.ID) // a doorbell without a reason: everything still holds
	h.wall.revoke(who.SessionID)
	h.signOut(t, who.User.ID)
	for _, s := range ends {
		s.wantClose(websockets.CloseSignedOut)
	}
	h.tell(t, h.wall.notify(who.User.ID, 1)...)
	stays.wantSeqs(1, 1)
	h.silent(t, stays, theirs)

	// The artwork socket goes on as an anonymous one.
	watching.quiet()
	h.tellReveal(t, h.wall.reveal(a.ID))
	if m := watching.next(); !hasType(m, "artwork_revealed") {
		t.Errorf("artwork socket of a session that has ended: got %v, want artwork_revealed", m)
	}
}

// TestSignOutDuringACheck: the session ends when a check of it has just found
// that it holds, so the check must be made again.
func TestSignOutDuringACheck(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	s := h.listen(t, token, "")
	h.wall.onReauthenticated(func() {
		h.wall.onReauthenticated(nil)
		h.wall.revoke(who.SessionID)
		h.signOut(t, who.User.ID)
	})
	h.signOut(t, who.User.ID)
	s.wantClose(websockets.CloseSignedOut)
}

// TestMissedSignOutIsMadeGood: nobody told of it, because the broker was away.
func TestMissedSignOutIsMadeGood(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	other, _ := h.wall.again(who)
	ends, stays := h.listen(t, token, ""), h.listen(t, other, "")
	h.wall.revoke(who.SessionID)
	h.broker.resubscribe()
	ends.wantClose(websockets.CloseSignedOut)
	h.silent(t, stays)
}

// TestSignOutWhileOpening: the session ends after the token was found good and
// before the socket is open.
func TestSignOutWhileOpening(t *testing.T) {
	t.Run("before anybody listens", func(t *testing.T) {
		h := openHouse(t, websockets.Settings{})
		token, who := h.wall.enrol("frida", time.Hour)
		h.wall.onAuthenticated(func() {
			h.wall.revoke(who.SessionID)
			h.signOut(t, who.User.ID)
		})
		h.wantRefusal(t, "/ws/notifications/?token="+token, nil, http.StatusUnauthorized)
	})
	t.Run("after that", func(t *testing.T) {
		h := openHouse(t, websockets.Settings{})
		token, who := h.wall.enrol("frida", time.Hour)
		h.wall.onHeadRead(func(string) {
			h.wall.onHeadRead(nil)
			h.wall.revoke(who.SessionID)
			h.signOut(t, who.User.ID)
		})
		s, _, err := h.try(t, "/ws/notifications/?token="+token, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.wantClose(websockets.CloseSignedOut)
	})
}
