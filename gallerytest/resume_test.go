package gallerytest_test

import (
	"fmt"
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

// TestResumeAcrossARestart: who knows the last seq gets exactly what came after
// it, whatever happened to the server meanwhile, and then what comes live.
func TestResumeAcrossARestart(t *testing.T) { onBothSides(t, resumeAcrossARestart) }

func resumeAcrossARestart(t *testing.T, o gallerytest.Options) {
	s := gallerytest.Start(t, o)
	artist, visitor := s.Artist(t, "artist"), s.Register(t, "visitor")
	work := artist.Hang(t, gallerytest.Work{Title: "Tides"})
	socket := artist.Listen(t, -1)
	say := func(from, to int) {
		for i := from; i <= to; i++ {
			visitor.Comment(t, work.ID, fmt.Sprintf("comment %d", i))
		}
	}
	say(1, 3)
	_, last := inboxOf(t, socket, 0, 3)
	socket.Close()
	say(4, 5) // nobody listens

	s.Stop(t)
	s = gallerytest.Start(t, o)
	artist.House, visitor.House = s.House, s.House // the accounts and tokens are the same
	say(6, 7)
	socket = artist.Listen(t, last)
	_, last = inboxOf(t, socket, last, 4)
	say(8, 8)
	if _, last = inboxOf(t, socket, last, 1); last != 8 {
		t.Errorf("got last seq %d, want 8", last)
	}
	if got, want := len(socket.Log()), 1+5; got != want {
		t.Errorf("got %d messages, want %d", got, want)
	}

	// Beyond the newest is the newest; without since only what is to come.
	for _, since := range []int64{1000, -1} {
		late := artist.Listen(t, since)
		say(9, 9)
		if m := late.Expect(t, "notification"); m.Seq != last+1 {
			t.Errorf("since %d: got seq %d, want %d", since, m.Seq, last+1)
		}
		last++
	}
}
