package gallerytest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

// storm is people who use a fleet as fast as it answers while something fails:
// artists hang one work after the other, each reveals in the middle of comments
// and looks, and on every node somebody watches every work and every inbox. It
// keeps account of what was acknowledged, and at its end holds against that
// what each socket and each inbox has.
type storm struct {
	fleet *gallerytest.Fleet
	// forgives tells whether an answer other than the wanted one is in order.
	forgives func(node int, r reply) bool

	stands []*stand
	over   chan struct{}
	work   sync.WaitGroup

	mu       sync.Mutex
	answers  int
	forgiven map[string]int
	slowest  time.Duration
}

// stand is an artist, some visitors, and what they did.
type stand struct {
	storm   *storm
	artist  *gallerytest.Person
	people  []*gallerytest.Person
	inboxes []*follower

	mu     sync.Mutex
	shows  []*show
	number int // of stand
}

// show is a work and what is known to have been done to it.
type show struct {
	id        string
	watchers  []*follower
	tried     map[string]bool   // comments by their text
	commented map[string]string // acknowledged ones: text by id
	lookers   int               // visitors whose look was acknowledged
}

const (
	stormReveal   = 12 // comments after which a work reveals
	stormVisitors = 4  // of each stand; each comments on every work, and looks at it
)

// flawless forgives nothing.
func flawless(int, reply) bool { return false }

// startStorm starts a storm of so many stands.
func startStorm(t *testing.T, f *gallerytest.Fleet, stands int, forgives func(node int, r reply) bool) *storm {
	t.Helper()
	s := &storm{fleet: f, forgives: forgives, over: make(chan struct{}), forgiven: map[string]int{}}
	for i := range stands {
		st := &stand{storm: s, number: i, artist: f.Nodes[i%len(f.Nodes)].Artist(t, fmt.Sprintf("artist-%d", i)), people: f.People(t, stormVisitors)}
		for n, node := range f.Nodes {
			inbox := followInbox(fmt.Sprintf("inbox of artist %d at node %d", i, n), node.House, st.artist)
			t.Cleanup(inbox.end)
			st.inboxes = append(st.inboxes, inbox.opened(t))
		}
		s.stands = append(s.stands, st)
	}
	for _, st := range s.stands {
		s.work.Go(func() { st.run(t) })
	}
	t.Cleanup(func() {
		s.stop()
		for _, st := range s.stands {
			for _, sh := range st.shows {
				for _, w := range sh.watchers {
					w.end()
				}
			}
		}
	})
	return s
}

// stop ends the storm; what is begun is finished.
func (s *storm) stop() {
	s.mu.Lock()
	select {
	case <-s.over:
	default:
		close(s.over)
	}
	s.mu.Unlock()
	s.work.Wait()
}

// until waits until so many more requests have been acknowledged.
func (s *storm) until(t *testing.T, more int) {
	t.Helper()
	enough := s.acknowledged() + more
	for deadline := time.Now().Add(2 * gallerytest.Patience); s.acknowledged() < enough; time.Sleep(5 * time.Millisecond) {
		if t.Failed() {
			t.FailNow()
		}
		if time.Now().After(deadline) {
			t.Fatalf("the storm stands still: %d requests short of %d", enough-s.acknowledged(), enough)
		}
	}
}

func (s *storm) acknowledged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers
}

// try sends a request to a node, and when that is forgiven what it answers, to
// the next one, as a balancer in front would. It tells whether one was
// acknowledged before the test failed.
func (s *storm) try(t *testing.T, first int, want int, send func(h gallerytest.House, attempt int) reply) (answer []byte, ok bool) {
	deadline := time.Now().Add(2 * gallerytest.Patience)
	for attempt := 0; ; attempt++ {
		n := (first + attempt) % len(s.fleet.Nodes)
		start := time.Now()
		r := send(s.fleet.Nodes[n].House, attempt)
		took := time.Since(start)
		s.mu.Lock()
		s.slowest = max(s.slowest, took)
		if r.err == nil && r.status == want {
			s.answers++
			s.mu.Unlock()
			return r.answer, true
		}
		forgiven := s.forgives(n, r)
		s.forgiven[fmt.Sprintf("node %d, %d", n, r.status)]++
		s.mu.Unlock()
		if !forgiven || time.Now().After(deadline) {
			t.Errorf("node %d answered at %s after %v with %d (%v), want %d: %s",
				n, time.Now().Format("15:04:05.000"), took, r.status, r.err, want, r.answer)
			return nil, false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// reply is the answer to a request; status 0 with an error when there was none.
type reply struct {
	status int
	head   http.Header
	answer []byte
	err    error
}

// ask sends a request as a person at a node.
func ask(h gallerytest.House, p *gallerytest.Person, method, path, contentType string, body io.Reader) (r reply) {
	r.status, r.head, r.answer, r.err = p.At(h).Exchange(method, path, contentType, body)
	return r
}

// comment is the body of a comment.
func comment(text string) io.Reader { return strings.NewReader(fmt.Sprintf(`{"content":%q}`, text)) }

// idOf is the id in an answer, "" without one.
func idOf(answer []byte) string {
	var a struct{ ID string }
	_ = json.Unmarshal(answer, &a) // whoever looks for it will miss it
	return a.ID
}

// run shows one work after the other until the storm is over.
func (st *stand) run(t *testing.T) {
	for n := 0; !t.Failed(); n++ {
		select {
		case <-st.storm.over:
			return
		default:
		}
		st.show(t, n)
	}
}

// show hangs a work, has it watched on every node, and brings it to its reveal.
func (st *stand) show(t *testing.T, n int) {
	s := st.storm
	work := gallerytest.Work{Title: fmt.Sprintf("Stand %d, work %d", st.number, n), Conditions: gallerytest.Comments(stormReveal)}
	answer, ok := s.try(t, st.number+n, 201, func(h gallerytest.House, _ int) reply {
		body, contentType := work.Form(t)
		return ask(h, st.artist, "POST", "/artworks", contentType, body)
	})
	if !ok {
		return
	}
	sh := &show{id: idOf(answer), tried: map[string]bool{}, commented: map[string]string{}}
	st.mu.Lock()
	st.shows = append(st.shows, sh)
	st.mu.Unlock()
	for n, node := range s.fleet.Nodes {
		sh.watchers = append(sh.watchers, followWork(fmt.Sprintf("watcher of %s at node %d", sh.id, n), node.House, sh.id))
	}
	var visits sync.WaitGroup
	for i, p := range st.people {
		visits.Go(func() { st.visit(t, sh, n, i, p) })
	}
	visits.Wait()
}

// visit is one visitor before one work: a look and a share of the comments.
func (st *stand) visit(t *testing.T, sh *show, n, i int, p *gallerytest.Person) {
	s := st.storm
	_, ok := s.try(t, i+n, 200, func(h gallerytest.House, _ int) reply {
		return ask(h, p, "GET", "/artworks/"+sh.id, "", nil)
	})
	if !ok {
		return
	}
	st.mu.Lock()
	sh.lookers++
	st.mu.Unlock()
	for k := range stormReveal/stormVisitors + 1 { // one after the reveal
		answer, ok := s.try(t, i+n+k, 201, func(h gallerytest.House, attempt int) reply {
			// What is not acknowledged may stand all the same, so no two are alike.
			text := fmt.Sprintf("visitor %d, comment %d, attempt %d", i, k, attempt)
			st.mu.Lock()
			sh.tried[text] = true
			st.mu.Unlock()
			return ask(h, p, "POST", "/artworks/"+sh.id+"/comments", "application/json", comment(text))
		})
		if !ok {
			return
		}
		var c gallerytest.Comment
		if err := json.Unmarshal(answer, &c); err != nil {
			t.Errorf("comment: %v", err)
			return
		}
		st.mu.Lock()
		sh.commented[c.ID] = c.Content
		st.mu.Unlock()
	}
}

// finish ends the storm, waits until everything that must arrive has, and
// checks it all. It returns what happened, in a line.
func (s *storm) finish(t *testing.T) string {
	t.Helper()
	s.stop()
	if t.Failed() {
		t.FailNow() // what went wrong is said; the rest would follow from it
	}
	rested(t, s.fleet)
	for _, st := range s.stands {
		st.check(t)
	}
	works, comments := 0, 0
	for _, st := range s.stands {
		works += len(st.shows)
		for _, sh := range st.shows {
			comments += len(sh.commented)
		}
	}
	if works < 2*len(s.stands) {
		t.Errorf("the storm showed only %d works: it was none", works)
	}
	return fmt.Sprintf("%d works, %d comments, %d requests acknowledged, the slowest took %v; forgiven: %v",
		works, comments, s.answers, s.slowest.Round(time.Millisecond), s.forgiven)
}

// keptSockets fails the test when a client needed more sockets than the faults
// explain.
func (s *storm) keptSockets(t *testing.T, most int) {
	t.Helper()
	for _, st := range s.stands {
		followers := st.inboxes
		for _, sh := range st.shows {
			followers = append(followers, sh.watchers...)
		}
		for _, f := range followers {
			if got := len(f.lives()); got > most {
				t.Errorf("%s: it took %d sockets, want at most %d; the first was closed with %d", f.name, got, most, f.lives()[0].CloseCode())
			}
		}
	}
}
