package gallerytest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

// atOnce is the condition that so many people are before the work together.
func atOnce(count int) string {
	return fmt.Sprintf(`{"condition_type":"interactive","condition_value":{"concurrent_viewers":%d}}`, count)
}

// awaitThat waits until something is so, and returns how long that took.
func awaitThat(t *testing.T, what string, patience time.Duration, is func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for ; !is(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("still not after %v: %s", patience, what)
		}
	}
	return time.Since(begun)
}

// progressOf is how far a work's first condition has come.
func progressOf(t *testing.T, h gallerytest.House, id string) int64 {
	t.Helper()
	return h.Anybody().Look(t, id).Conditions[0].Progress.Current
}

// hereNow tells whether the page of a work counts so many visitors.
func hereNow(t *testing.T, h gallerytest.House, id string, want int) bool {
	t.Helper()
	answer, err := h.Client.Get(h.URL + "/artworks/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want == 0 {
		return !strings.Contains(string(page), "here now")
	}
	return strings.Contains(string(page), fmt.Sprintf("· %d here now", want))
}

// watching opens a socket on a work and takes its first status.
func watching(t *testing.T, p *gallerytest.Person, id string) *gallerytest.Socket {
	t.Helper()
	s := p.Watch(t, id)
	s.Expect(t, "artwork_status")
	return s
}

// revealedOnce checks that a socket hears of the reveal, and once.
func revealedOnce(t *testing.T, name string, s *gallerytest.Socket) {
	t.Helper()
	awaitThat(t, name+" hears of the reveal", gallerytest.Patience, func() bool { return s.Count("artwork_revealed") > 0 })
	s.Settle(t)
	if got := s.Count("artwork_revealed"); got != 1 {
		t.Errorf("%s heard of the reveal %d times, want once", name, got)
	}
}

// TestCrowdReveals: a work that waits for three people at once, before which
// there are tabs, strangers, its artist, and somebody who signs out; none of
// them takes a third person's place.
func TestCrowdReveals(t *testing.T) {
	s := gallerytest.Start(t, gallerytest.Options{})
	artist, ada, bob := s.Artist(t, "mara"), s.Register(t, "ada"), s.Register(t, "bob")
	work := artist.Hang(t, gallerytest.Work{Conditions: atOnce(3)})
	var sockets []*gallerytest.Socket
	for _, who := range []*gallerytest.Person{ada, ada, ada, artist, s.Anybody(), s.Anybody(), s.Anybody()} {
		sockets = append(sockets, watching(t, who, work.ID))
	}
	awaitThat(t, "ada is counted", gallerytest.Patience, func() bool { return progressOf(t, s.House, work.ID) == 1 })
	sockets = append(sockets, watching(t, bob, work.ID))
	awaitThat(t, "bob is counted", gallerytest.Patience, func() bool { return progressOf(t, s.House, work.ID) == 2 })
	if !hereNow(t, s.House, work.ID, 6) {
		t.Error("the page does not count three people and three strangers")
	}

	ada.Do(t, "POST", "/auth/logout", map[string]any{"refresh": ada.Refresh}, http.StatusNoContent, nil)
	awaitThat(t, "ada's three sockets count as strangers", gallerytest.Patience, func() bool { return hereNow(t, s.House, work.ID, 8) })
	sockets = append(sockets, watching(t, s.Register(t, "cleo"), work.ID))
	awaitThat(t, "cleo is counted", gallerytest.Patience, func() bool { return hereNow(t, s.House, work.ID, 9) })
	// Were somebody counted wrongly, it would be revealed by the time that a
	// later crowd was judged.
	other := artist.Hang(t, gallerytest.Work{Conditions: atOnce(1)})
	revealedOnce(t, "the socket before another work", watching(t, bob, other.ID))
	if now := s.Anybody().Look(t, work.ID); now.IsRevealed || now.Conditions[0].Progress.Current != 2 {
		t.Errorf("with bob and cleo there: got revealed %t at %d, want hidden at 2", now.IsRevealed, now.Conditions[0].Progress.Current)
	}
	sockets = append(sockets, watching(t, s.Login(t, "ada"), work.ID))
	for i, socket := range sockets {
		revealedOnce(t, fmt.Sprintf("socket %d", i), socket)
	}
}

// TestFleetCrowd: people before one work on two nodes, of which one dies.
func TestFleetCrowd(t *testing.T) {
	f := gallerytest.Nodes(t, 2)
	here, there := f.Nodes[0], f.Nodes[1]
	artist := here.Artist(t, "artist")
	people := f.People(t, 5)
	work := artist.Hang(t, gallerytest.Work{Conditions: atOnce(4)})
	counted := func(what string, people int64, visitors int) {
		t.Helper()
		awaitThat(t, what, gallerytest.Patience, func() bool {
			return progressOf(t, here.House, work.ID) == people && hereNow(t, here.House, work.ID, visitors) && hereNow(t, there.House, work.ID, visitors)
		})
	}
	sockets := []*gallerytest.Socket{
		watching(t, people[0].At(here.House), work.ID), watching(t, here.Anybody(), work.ID), watching(t, artist, work.ID),
	}
	watching(t, people[0].At(there.House), work.ID)
	counted("one person on two nodes, a stranger and the artist are counted", 1, 3)
	for i := 1; i < 3; i++ {
		watching(t, people[i].At(there.House), work.ID)
	}
	watching(t, there.Anybody(), work.ID)
	counted("two more on the other node are counted", 3, 6)

	there.Kill(t)
	took := awaitThat(t, "the dead node's people are gone", 15*time.Second, func() bool { return hereNow(t, here.House, work.ID, 3) })
	t.Logf("a dead node's people were gone after %v", took)
	for i := 3; i < 5; i++ {
		sockets = append(sockets, watching(t, people[i].At(here.House), work.ID))
	}
	awaitThat(t, "two more are before the work", gallerytest.Patience, func() bool { return hereNow(t, here.House, work.ID, 5) })
	for _, s := range sockets {
		s.Settle(t)
	}
	if now := here.Anybody().Look(t, work.ID); now.IsRevealed || now.Conditions[0].Progress.Current != 3 {
		t.Errorf("with three people there, and two who died with their node: got revealed %t at %d, want hidden at 3", now.IsRevealed, now.Conditions[0].Progress.Current)
	}

	there.Start(t)
	sockets = append(sockets, watching(t, people[1].At(there.House), work.ID))
	for i, s := range sockets {
		if i == len(sockets)-1 && s.Log()[0].IsRevealed {
			continue // it opened when its own coming had revealed the work
		}
		revealedOnce(t, fmt.Sprintf("socket %d", i), s)
	}
}

// TestFleetCrowdArrivesTogether: the last of a crowd comes to either of two
// nodes at the same moment as the others, and the work is revealed once.
func TestFleetCrowdArrivesTogether(t *testing.T) {
	const crowd, rounds = 12, 5
	f := gallerytest.Nodes(t, 2)
	artist := f.Nodes[0].Artist(t, "artist")
	people := f.People(t, crowd)
	inbox := artist.Listen(t, 0)
	for round := range rounds {
		work := artist.Hang(t, gallerytest.Work{Conditions: atOnce(crowd)})
		sockets := make([]*gallerytest.Socket, crowd)
		together(people, func(i int, p *gallerytest.Person) { sockets[i] = p.Watch(t, work.ID) })
		for i, s := range sockets {
			// Whoever came last may find it revealed by the others' coming: never
			// without being one of them.
			if m := s.Expect(t, "artwork_status"); !m.IsRevealed {
				revealedOnce(t, fmt.Sprintf("round %d: socket %d", round, i), s)
			}
		}
		if m := inbox.Expect(t, "notification"); m.Data.Type != "artwork_revealed" || m.Data.ArtworkID != work.ID {
			t.Errorf("round %d: the artist got %s, want the reveal of %s", round, m.Raw, work.ID)
		}
		for _, s := range sockets {
			s.Close()
		}
	}
	if got := inbox.Count("notification"); got != rounds {
		t.Errorf("notifications: got %d, want %d", got, rounds)
	}
}
