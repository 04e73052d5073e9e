package curator_test

import (
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/curator"
)

// TestEmailKey: it takes for one what the store takes for one, and is short
// whatever it is given.
func TestEmailKey(t *testing.T) {
	h := open(t, plan{idle: true})
	h.person("ana", false)
	want := curator.EmailKey("ana@example.org")
	for _, spelling := range []string{"ANA@example.org", " ana@example.org\n", "ａｎａ@example.org", "ana＠example.org", "ana@example。org", "ana@exa\u00admple.org"} {
		_, err := h.Login(t.Context(), spelling, password, "")
		isAna := gallery.CodeOf(err) == ""
		if got := curator.EmailKey(spelling); (got == want) != isAna {
			t.Errorf("%q: same key %v, same account %v, want them alike", spelling, got == want, isAna)
		}
	}
	if got := len(curator.EmailKey(strings.Repeat("ﷺ", 20_000))); got > 254 {
		t.Errorf("a key of %d bytes, want a short one", got)
	}
}
