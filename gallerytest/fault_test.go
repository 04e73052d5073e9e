package gallerytest_test

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/gallerytest/servers"
)

const fleetSize = 3

// sick are the nodes of which an answer is not expected for a while.
type sick [fleetSize]atomic.Int64 // until when, in Unix nanoseconds

func (s *sick) falls(node int) { s[node].Store(math.MaxInt64) }

// recovers leaves it a moment: a connection from before may break once more.
func (s *sick) recovers(node int) { s[node].Store(time.Now().Add(2 * time.Second).UnixNano()) }

// forgives what a dead or stopping node does to its clients.
func (s *sick) forgives(node int, r reply) bool {
	return time.Now().UnixNano() < s[node].Load() && (r.err != nil || isBusy(r))
}

// isBusy tells that the node asks the client to come back.
func isBusy(r reply) bool {
	return r.err == nil && r.status == http.StatusServiceUnavailable && r.head.Get("Retry-After") != ""
}

// TestFleetHundredViewersAtOnce is the moment the gallery is for, spread over
// three nodes: a hundred people look at the same time, and everybody who
// watches, wherever, hears of the reveal once.
func TestFleetHundredViewersAtOnce(t *testing.T) {
	const viewers, watchers, rounds = 100, 10, 10
	f := gallerytest.Nodes(t, fleetSize)
	artist := f.Nodes[0].Artist(t, "artist")
	people := f.People(t, viewers)
	var inboxes []*gallerytest.Socket
	for _, node := range f.Nodes {
		inboxes = append(inboxes, artist.At(node.House).Listen(t, 0))
	}
	var seq int64
	for round := range rounds {
		work := artist.Hang(t, gallerytest.Work{Title: fmt.Sprintf("Round %d", round), Conditions: gallerytest.Views(viewers)})
		var sockets []*gallerytest.Socket
		for _, node := range f.Nodes {
			for range watchers {
				s := node.Anybody().Watch(t, work.ID)
				if m := s.Expect(t, "artwork_status"); m.IsRevealed {
					t.Fatalf("round %d: revealed before anybody looked: %s", round, m.Raw)
				}
				sockets = append(sockets, s)
			}
		}
		together(people, func(_ int, p *gallerytest.Person) { act(t, p, "GET", "/artworks/"+work.ID, nil, 200) })
		for i, s := range sockets {
			if m := s.Expect(t, "artwork_revealed"); m.Artwork.ID != work.ID {
				t.Errorf("round %d: socket %d: got %s", round, i, m.Raw)
			}
			s.Settle(t)
			if got, want := s.Count("artwork_revealed"), 1; got != want {
				t.Errorf("round %d: socket %d heard of the reveal %d times, want %d", round, i, got, want)
			}
			s.Close()
		}
		last := seq
		for i, inbox := range inboxes {
			var kinds []string
			kinds, last = inboxOf(t, inbox, seq, 4)
			want := []string{"view_milestone 10", "view_milestone 50", "view_milestone 100", "artwork_revealed 0"}
			if got := fmt.Sprint(kinds); got != fmt.Sprint(want) {
				t.Errorf("round %d: the artist heard %v at node %d, want %v", round, got, i, want)
			}
		}
		seq = last
		for i, node := range f.Nodes {
			if a := artist.At(node.House).Look(t, work.ID); a.ViewCount != viewers || !a.IsRevealed {
				t.Errorf("round %d, node %d: got %d views, revealed %t; want %d, true", round, i, a.ViewCount, a.IsRevealed, viewers)
			}
		}
	}
	rested(t, f)
	for i, inbox := range inboxes {
		if got, want := len(inbox.Log()), 1+4*rounds; got != want {
			t.Errorf("the artist's socket at node %d got %d messages, want %d", i, got, want)
		}
	}
}

// TestFleetNodeKilled kills each node once in a storm, as a power cut would.
func TestFleetNodeKilled(t *testing.T) {
	f := gallerytest.Nodes(t, fleetSize)
	var down sick
	s := startStorm(t, f, 3, down.forgives)
	for i, node := range f.Nodes {
		s.until(t, 150)
		down.falls(i)
		node.Kill(t)
		s.until(t, 100)
		node.Start(t)
		down.recovers(i)
	}
	s.until(t, 100)
	t.Log(s.finish(t))
	s.keptSockets(t, 2) // one before the kill and one after
}

// TestFleetRollingRestart stops and starts one node after the other in good
// order, under load, as an operator does who brings a new version.
func TestFleetRollingRestart(t *testing.T) {
	f := gallerytest.Nodes(t, fleetSize)
	var down sick
	s := startStorm(t, f, 3, down.forgives)
	for i, node := range f.Nodes {
		s.until(t, 150)
		down.falls(i)
		node.Signal(t, syscall.SIGTERM)
		if err := node.Wait(t, gallerytest.Patience); err != nil {
			t.Errorf("node %d stopped with %v", i, err)
		}
		node.Client.CloseIdleConnections()
		node.Start(t)
		down.recovers(i)
	}
	s.until(t, 100)
	t.Log(s.finish(t))
	s.keptSockets(t, 2)
}

// TestFleetRedisStopped: without Redis every request is answered as ever, no
// socket is closed, and two seconds after it is back all is told.
func TestFleetRedisStopped(t *testing.T) {
	f := gallerytest.Nodes(t, fleetSize)
	s := startStorm(t, f, 3, flawless)
	p := startProbe(t, f)
	s.until(t, 150)
	f.Redis.Stop(t)
	away := time.Now()
	s.until(t, 100)
	time.Sleep(10*time.Second - time.Since(away)) // what the test is about
	f.Redis.Start(t)
	back := time.Now()
	s.until(t, 150)
	time.Sleep(time.Until(back.Add(3 * time.Second)))
	p.check(t, away, back, 2*time.Second)
	p.stop()
	t.Log(s.finish(t))
	s.keptSockets(t, 1)
	if s.slowest > 2*time.Second {
		t.Errorf("a request took %v: it waited for Redis", s.slowest)
	}
}

// TestFleetRedisKilledBeforeThePublish has Redis die when the acts are
// committed and not yet published.
func TestFleetRedisKilledBeforeThePublish(t *testing.T) {
	f := gallerytest.Nodes(t, fleetSize)
	artist := f.Nodes[0].Artist(t, "artist")
	visitor := f.People(t, 1)[0]
	conn, err := pgx.Connect(t.Context(), f.Source)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var inboxes []*follower
	for i, node := range f.Nodes {
		inbox := followInbox(fmt.Sprintf("inbox at node %d", i), node.House, artist)
		t.Cleanup(inbox.end)
		inboxes = append(inboxes, inbox.opened(t))
	}
	const rounds = 3
	for round := range rounds {
		work := artist.Hang(t, gallerytest.Work{Conditions: gallerytest.Comments(1)})
		var watchers []*follower
		for i, node := range f.Nodes {
			w := followWork(fmt.Sprintf("round %d, watcher at node %d", round, i), node.House, work.ID)
			t.Cleanup(w.end)
			watchers = append(watchers, w.opened(t))
		}
		// What the first node says to Redis does not arrive. Its acts commit.
		wire := f.Nodes[0].Redis
		wire.Stall(servers.Up)
		visitor.At(f.Nodes[0].House).Comment(t, work.ID, "Now?")
		var waiting int
		if err := conn.QueryRow(t.Context(), `SELECT COUNT(*) FROM outbox`).Scan(&waiting); err != nil || waiting == 0 {
			t.Fatalf("round %d: %d events wait to be published (%v): the test would prove nothing", round, waiting, err)
		}
		f.Redis.Kill(t)
		for _, w := range watchers {
			if w.knows() {
				t.Errorf("%s: it heard of the reveal though it was not published", w.name)
			}
		}
		wire.Reset() // with what was under way
		wire.Heal(t)
		f.Redis.Start(t)
		for _, w := range watchers {
			await(t, w.name, gallerytest.Patience, func() string {
				if !w.knows() {
					return "it has not heard of the reveal: " + w.account()
				}
				return ""
			})
		}
		rested(t, f)
		inbox := inboxOverREST(t, artist)
		if got, want := len(inbox), 2*(round+1); got != want {
			t.Errorf("round %d: the inbox has %d notifications, want %d", round, got, want)
		}
		for _, b := range inboxes {
			awaitUntil(time.Now().Add(gallerytest.Patience), func() bool { return b.seq() == int64(len(inbox)) })
			b.report(t, brokenByInbox(b.told(), inbox))
		}
		first := time.Now() // all sockets are older
		for _, w := range watchers {
			w.settle(t)
			w.report(t, brokenByWork(w.told(), first))
			if got := len(w.lives()); got != 1 {
				t.Errorf("%s: it took %d sockets, want 1", w.name, got)
			}
			w.end()
		}
	}
}

// TestFleetPostgreSQLRestarted: while the database is away nodes ask their
// clients to come back and keep their sockets, whether it was stopped or died.
func TestFleetPostgreSQLRestarted(t *testing.T) {
	f := gallerytest.Nodes(t, fleetSize)
	s := startStorm(t, f, 3, func(_ int, r reply) bool { return isBusy(r) })
	for _, end := range []func(testing.TB){f.PostgreSQL.Stop, f.PostgreSQL.Kill} {
		s.until(t, 150)
		end(t)
		time.Sleep(2 * time.Second) // an outage, not a blink
		if r := ask(f.Nodes[0].House, s.stands[0].artist, "GET", "/notifications", "", nil); !isBusy(r) {
			t.Errorf("without a database: got status %d, Retry-After %q (%v), want 503 with one", r.status, r.head.Get("Retry-After"), r.err)
		}
		f.PostgreSQL.Start(t)
	}
	s.until(t, 150)
	t.Log(s.finish(t))
	s.keptSockets(t, 1)
}

// TestFleetNodeCutFromRedis cuts one node off from Redis, by a broken
// connection and by a network that swallows everything, while the others go on.
func TestFleetNodeCutFromRedis(t *testing.T) {
	f := gallerytest.Nodes(t, fleetSize)
	s := startStorm(t, f, 3, flawless)
	p := startProbe(t, f)
	wire := f.Nodes[0].Redis
	for _, cut := range []func(){wire.Cut, func() { wire.Stall(servers.Up, servers.Down) }} {
		s.until(t, 150)
		cut()
		away := time.Now()
		await(t, "the node that is cut off to say so", gallerytest.Patience, func() string { return notReady(f.Nodes[0], false) })
		s.until(t, 100)
		time.Sleep(3*time.Second - time.Since(away)) // an outage, not a blink
		wire.Heal(t)
		back := time.Now()
		await(t, "the node to be ready again", gallerytest.Patience, func() string { return notReady(f.Nodes[0], true) })
		s.until(t, 100)
		time.Sleep(time.Until(back.Add(3 * time.Second)))
		p.check(t, away, back, 2*time.Second)
	}
	p.stop()
	t.Log(s.finish(t))
	s.keptSockets(t, 1)
}

// notReady tells when a node's readiness is not the wanted one.
func notReady(n *gallerytest.FleetNode, want bool) string {
	response, err := n.Client.Get(n.URL + "/readyz")
	if err != nil {
		return err.Error()
	}
	response.Body.Close()
	if (response.StatusCode == http.StatusOK) != want {
		return fmt.Sprintf("/readyz answers %d", response.StatusCode)
	}
	return ""
}

// TestFleetDeafSubscription: a subscription that lives and hears nothing is
// found within ten seconds, and nothing is missed.
func TestFleetDeafSubscription(t *testing.T) {
	f := gallerytest.Nodes(t, fleetSize)
	s := startStorm(t, f, 3, flawless)
	p := startProbe(t, f)
	s.until(t, 150)
	f.Nodes[0].Redis.Deafen()
	deaf := time.Now()
	time.Sleep(11 * time.Second) // ten to be found in, and another to hear again
	s.until(t, 100)
	p.check(t, deaf, deaf.Add(10*time.Second), time.Second)
	p.stop()
	t.Log(s.finish(t))
	s.keptSockets(t, 1)
}

// probe comments on a work of its own twenty times a second, at each node in
// turn, and has its artist listen at every node: it measures how long live
// delivery takes.
type probe struct {
	inboxes []*follower
	stop    func() // what is under way is finished

	mu        sync.Mutex
	commented map[string]time.Time // when it was acknowledged, by the comment's id
}

func startProbe(t *testing.T, f *gallerytest.Fleet) *probe {
	t.Helper()
	p := &probe{commented: map[string]time.Time{}}
	artist := f.Nodes[0].Artist(t, "probe")
	work := artist.Hang(t, gallerytest.Work{Title: "Probe"})
	visitor := f.People(t, 1)[0]
	for i, node := range f.Nodes {
		inbox := followInbox(fmt.Sprintf("probe at node %d", i), node.House, artist)
		t.Cleanup(inbox.end)
		p.inboxes = append(p.inboxes, inbox.opened(t))
	}
	over := make(chan struct{})
	var commenting sync.WaitGroup
	commenting.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			r := ask(f.Nodes[n%len(f.Nodes)].House, visitor, "POST", "/artworks/"+work.ID+"/comments", "application/json", comment("Well?"))
			if r.status != http.StatusCreated {
				t.Errorf("the probe's comment %d: got status %d (%v)", n, r.status, r.err)
				return
			}
			p.mu.Lock()
			p.commented[idOf(r.answer)] = time.Now()
			p.mu.Unlock()
		}
	})
	p.stop = sync.OnceFunc(func() {
		close(over)
		commenting.Wait()
	})
	t.Cleanup(p.stop)
	return p
}

// check holds every delivery from an outage's beginning on against how long it
// may take, counted from the outage's end or, for what was said after that,
// from its acknowledgement.
func (p *probe) check(t *testing.T, away, back time.Time, most time.Duration) {
	t.Helper()
	p.mu.Lock()
	commented := make(map[string]time.Time, len(p.commented))
	for id, at := range p.commented {
		if at.After(away) && time.Since(at) > most { // the last of them may be on their way
			commented[id] = at
		}
	}
	p.mu.Unlock()
	if len(commented) < 10 {
		t.Fatalf("the probe said only %d things since the outage began", len(commented))
	}
	felt := false
	for _, inbox := range p.inboxes {
		heard := map[string]time.Time{}
		for _, l := range inbox.told() {
			for _, m := range l.log {
				heard[m.Data.CommentID] = m.Received
			}
		}
		var worst, held time.Duration
		late, missing := 0, 0
		for id, at := range commented {
			if heard[id].IsZero() {
				missing++
				continue
			}
			held = max(held, heard[id].Sub(at))
			if at.Before(back) {
				at = back
			}
			took := heard[id].Sub(at)
			worst = max(worst, took)
			if took > most {
				late++
			}
		}
		t.Logf("%s: %d comments since the outage began, the longest held up for %v; all told %v after its end, or their own",
			inbox.name, len(commented), held.Round(time.Millisecond), worst.Round(time.Millisecond))
		felt = felt || held > time.Second
		if late > 0 || missing > 0 {
			t.Errorf("%s: of %d comments %d came later than %v, %d not at all; the latest took %v; %s",
				inbox.name, len(commented), late, most, missing, worst, inbox.account())
		}
	}
	if !felt {
		t.Error("nothing was held up: the outage was none")
	}
}
