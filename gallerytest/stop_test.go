package gallerytest_test

import (
	"syscall"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

// TestStopSaysGoodbye: SIGTERM closes every socket with 1001, ends the process
// within ten seconds and with status 0, and what was acknowledged before is
// there after the next start.
func TestStopSaysGoodbye(t *testing.T) {
	p := gallerytest.Launch(t)
	artist, visitor := p.Artist(t, "artist"), p.Register(t, "visitor")
	work := artist.Hang(t, gallerytest.Work{})
	sockets := []*gallerytest.Socket{artist.Listen(t, -1)}
	for range 20 {
		socket := p.Anybody().Watch(t, work.ID)
		socket.Expect(t, "artwork_status")
		sockets = append(sockets, socket)
	}
	visitor.Comment(t, work.ID, "The last word")
	start := time.Now()
	p.Signal(t, syscall.SIGTERM)
	for i, socket := range sockets {
		if code, at := socket.Closed(t); code != 1001 || at.Sub(start) > 5*time.Second {
			t.Errorf("socket %d: closed with %d after %v, want 1001 at once", i, code, at.Sub(start))
		}
	}
	if err := p.Wait(t, 10*time.Second-time.Since(start)); err != nil {
		t.Errorf("the process ended with %v, want status 0:\n%s", err, p.Log())
	}
	p.Start(t)
	if got := p.Anybody().Comments(t, work.ID); len(got) != 1 || got[0].Content != "The last word" {
		t.Errorf("got comments %v after the restart, want the one that was acknowledged", got)
	}
	inboxOf(t, artist.Listen(t, 0), 0, 1)
}
