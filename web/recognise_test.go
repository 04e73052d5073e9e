package web_test

import (
	"net/http"
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

// TestProxyWithAPassword has a proxy's own password in every request: it is
// nothing that the pages ask about, signed in or not.
func TestProxyWithAPassword(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	server.Register(t, "ada")
	b := visit(t, server.House)
	basic := http.Header{"Authorization": {"Basic YTpi"}}
	if p := b.send(t, "GET", "/", basic, nil); p.status != http.StatusOK {
		t.Errorf("anonymous: got status %d, want 200", p.status)
	}
	b.signIn(t, "ada")
	p := b.send(t, "GET", "/", basic, nil)
	if p.status != http.StatusOK {
		t.Fatalf("signed in: got status %d, want 200", p.status)
	}
	p.has(t, "ada", "Sign out")
}
