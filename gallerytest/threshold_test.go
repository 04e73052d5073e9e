package gallerytest_test

import (
	"fmt"
	"sync"
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

// crowd registers n visitors.
func crowd(t *testing.T, h gallerytest.House, n int) []*gallerytest.Person {
	t.Helper()
	people := make([]*gallerytest.Person, n)
	var group sync.WaitGroup
	for i := range people {
		group.Go(func() { people[i] = h.Register(t, fmt.Sprintf("visitor-%d", i)) })
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return people
}

// together has everybody do something at the same moment and waits for all.
func together(people []*gallerytest.Person, do func(i int, p *gallerytest.Person)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i, p := range people {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			do(i, p)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// act is Try for one of a crowd: it reports what is not the wanted status.
func act(t *testing.T, p *gallerytest.Person, method, path string, body any, want int) {
	if got, answer, err := p.Try(method, path, body); err != nil || got != want {
		t.Errorf("%s %s: got status %d (%v), want %d: %s", method, path, got, err, want, answer)
	}
}

// inboxOf reads the next n notifications of a socket, checks that their seq
// goes on without a gap after the given one, and returns them by what they say:
// "view_milestone 10", "artwork_revealed 0", "new_comment 0".
func inboxOf(t *testing.T, s *gallerytest.Socket, after int64, n int) (kinds []string, last int64) {
	t.Helper()
	for range n {
		m := s.Expect(t, "notification")
		if got, want := m.Seq, after+1; got != want {
			t.Fatalf("got seq %d, want %d: %s", got, want, m.Raw)
		}
		after = m.Seq
		kinds = append(kinds, fmt.Sprintf("%s %d", m.Data.Type, m.Data.ViewCount))
	}
	return kinds, after
}

// TestHundredViewersAtOnce is the moment the gallery is for: a hundred people
// look at the same time, and everybody who watches hears of the reveal once.
func TestHundredViewersAtOnce(t *testing.T) { onBothSides(t, hundredViewersAtOnce) }

func hundredViewersAtOnce(t *testing.T, o gallerytest.Options) {
	const viewers, watchers = 100, 50
	rounds := 20
	if testing.Short() {
		rounds = 2
	}
	s := gallerytest.Start(t, o)
	artist := s.Artist(t, "artist")
	people := crowd(t, s.House, viewers)
	inbox := artist.Listen(t, 0)
	var seq int64
	for round := range rounds {
		work := artist.Hang(t, gallerytest.Work{Title: fmt.Sprintf("Round %d", round), Conditions: gallerytest.Views(viewers)})
		sockets := make([]*gallerytest.Socket, watchers)
		for i := range sockets {
			sockets[i] = s.Anybody().Watch(t, work.ID)
			if m := sockets[i].Expect(t, "artwork_status"); m.IsRevealed {
				t.Fatalf("round %d: revealed before anybody looked: %s", round, m.Raw)
			}
		}
		together(people, func(_ int, p *gallerytest.Person) { act(t, p, "GET", "/artworks/"+work.ID, nil, 200) })
		for i, socket := range sockets {
			if m := socket.Expect(t, "artwork_revealed"); m.Artwork.ID != work.ID || m.Artwork.Artist != artist.Name || !m.Artwork.IsRevealed {
				t.Errorf("round %d: socket %d: got %s", round, i, m.Raw)
			}
			socket.Settle(t)
			if got, want := socket.Count("artwork_revealed"), 1; got != want {
				t.Errorf("round %d: socket %d heard of the reveal %d times, want %d", round, i, got, want)
			}
			socket.Close()
		}
		var kinds []string
		kinds, seq = inboxOf(t, inbox, seq, 4)
		want := []string{"view_milestone 10", "view_milestone 50", "view_milestone 100", "artwork_revealed 0"}
		if got := fmt.Sprint(kinds); got != fmt.Sprint(want) {
			t.Errorf("round %d: the artist heard %v, want %v", round, got, want)
		}
		if a := artist.Look(t, work.ID); a.ViewCount != viewers || !a.IsRevealed {
			t.Errorf("round %d: got %d views, revealed %t; want %d, true", round, a.ViewCount, a.IsRevealed, viewers)
		}
	}
	if got, want := len(inbox.Log()), 1+4*rounds; got != want {
		t.Errorf("the artist's socket got %d messages, want %d", got, want)
	}
}

// TestCommentsAndViewsCross has comments and views meet a work's conditions in
// the same moment, together and each for itself.
func TestCommentsAndViewsCross(t *testing.T) { onBothSides(t, commentsAndViewsCross) }

func commentsAndViewsCross(t *testing.T, o gallerytest.Options) {
	const people = 50
	s := gallerytest.Start(t, o)
	artist := s.Artist(t, "artist")
	everybody := crowd(t, s.House, people)
	var seq int64
	for _, when := range []string{"any", "all"} {
		for round := range 5 {
			t.Run(fmt.Sprintf("%s %d", when, round), func(t *testing.T) {
				work := artist.Hang(t, gallerytest.Work{
					Title: "Crossing", When: when,
					Conditions: "[" + gallerytest.Views(people) + "," + gallerytest.Comments(people) + "]",
				})
				socket := s.Anybody().Watch(t, work.ID)
				inbox := artist.Listen(t, seq)
				together(append(everybody, everybody...), func(i int, p *gallerytest.Person) {
					if i < people {
						act(t, p, "GET", "/artworks/"+work.ID, nil, 200)
						return
					}
					act(t, p, "POST", "/artworks/"+work.ID+"/comments", map[string]any{"content": "Now?"}, 201)
				})
				socket.Expect(t, "artwork_status")
				socket.Expect(t, "artwork_revealed")
				socket.Settle(t)
				if got, want := socket.Count("artwork_revealed"), 1; got != want {
					t.Errorf("the socket heard of the reveal %d times, want %d", got, want)
				}
				var kinds []string
				kinds, seq = inboxOf(t, inbox, seq, people+2+1)
				count := map[string]int{}
				for _, k := range kinds {
					count[k]++
				}
				if got, want := fmt.Sprint(count), fmt.Sprint(map[string]int{
					"new_comment 0": people, "view_milestone 10": 1, "view_milestone 50": 1, "artwork_revealed 0": 1,
				}); got != want {
					t.Errorf("the artist heard %v, want %v", got, want)
				}
				a := artist.Look(t, work.ID)
				if !a.IsRevealed || a.ViewCount != people || a.CommentCount != people {
					t.Errorf("got revealed %t, %d views, %d comments; want true, %d, %d", a.IsRevealed, a.ViewCount, a.CommentCount, people, people)
				}
			})
		}
	}
}
