package curator_test

import (
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// TestLogoutWithAnotherServersPair signs out of everything with a pair of tokens
// that knows no session, as Django issues them.
func TestLogoutWithAnotherServersPair(t *testing.T) {
	h := open(t, plan{})
	ana := h.person("ana", false)
	access, err := h.tokens.Access(ana.User.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	refresh, _, err := h.tokens.Refresh(ana.User.ID, "", auth.NewTokenID())
	if err != nil {
		t.Fatal(err)
	}
	django := h.bearer(access)
	refusedWith(t, "one session of none", h.Logout(t.Context(), django, refresh, false), gallery.Invalid)
	if err := h.Logout(t.Context(), django, refresh, true); err != nil {
		t.Fatalf("everywhere: %v", err)
	}
	refusedWith(t, "the pair itself", h.Reauthenticate(t.Context(), django), gallery.Unauthorized)
	refusedWith(t, "a session", h.Reauthenticate(t.Context(), ana), gallery.Unauthorized)
}
