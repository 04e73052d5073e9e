// Package presencetest holds what every [presence.Tracker] must do.
package presencetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/presence"
)

// patience is how long one node's news may take to reach another on a machine
// that is busy with other tests.
const patience = 20 * time.Second

// artist is never in a crowd unless a test says so.
const artist = "frida"

// Exercise runs the suite. open makes the trackers of two nodes that share one
// count and have counted nobody yet; a tracker of one node only is both. They
// must be good until the end of the test they are made for.
func Exercise(t *testing.T, open func(t *testing.T) (a, b presence.Tracker)) {
	for name, test := range map[string]func(t *testing.T, a, b presence.Tracker){
		"nobody":                      nobody,
		"who enters counts at once":   atOnce,
		"tabs are one person":         tabs,
		"nodes are one gallery":       nodes,
		"the artist is a visitor":     theArtist,
		"the anonymous are visitors":  anonymous,
		"leave counts once":           leaveOnce,
		"works apart":                 works,
		"many at once":                many,
		"somebody passes through":     passing,
		"a rise is told":              rises,
		"a rise is told after it":     risesAfter,
		"an ended context still says": ended,
	} {
		t.Run(name, func(t *testing.T) {
			a, b := open(t)
			test(t, a, b)
		})
	}
}

// Await waits until a tracker counts so many before a work, and fails the test
// when it never does. frida is the artist.
func Await(t testing.TB, tracker presence.Tracker, artworkID string, want presence.Crowd) {
	t.Helper()
	var got presence.Crowd
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		var err error
		if got, err = tracker.Crowd(context.Background(), artworkID, artist); err != nil {
			t.Fatalf("count who is before %s: %v", artworkID, err)
		}
		if got == want {
			return
		}
	}
	t.Fatalf("before %s: got %+v, want %+v", artworkID, got, want)
}

// await waits for both.
func await(t testing.TB, a, b presence.Tracker, artworkID string, people, visitors int64) {
	t.Helper()
	for _, tracker := range []presence.Tracker{a, b} {
		Await(t, tracker, artworkID, presence.Crowd{People: people, Visitors: visitors})
	}
}

func nobody(t *testing.T, a, b presence.Tracker) { await(t, a, b, "dusk", 0, 0) }

func atOnce(t *testing.T, a, b presence.Tracker) {
	for i := range int64(100) {
		for _, tracker := range []presence.Tracker{a, b} {
			work := fmt.Sprintf("work %d of %p", i, tracker)
			tracker.Enter(work, "diego")
			tracker.Enter(work, "")
			got, err := tracker.Crowd(context.Background(), work, artist)
			if want := (presence.Crowd{People: 1, Visitors: 2}); err != nil || got.People < want.People || got.Visitors < want.Visitors {
				t.Fatalf("right after somebody entered: got %+v and error %v, want %+v", got, err, want)
			}
		}
	}
}

func tabs(t *testing.T, a, b presence.Tracker) {
	var leaves []func()
	for range 5 {
		leaves = append(leaves, a.Enter("dusk", "diego"))
	}
	await(t, a, b, "dusk", 1, 1)
	for _, leave := range leaves[1:] {
		leave()
	}
	flush(t, a, b)
	await(t, a, b, "dusk", 1, 1)
	leaves[0]()
	await(t, a, b, "dusk", 0, 0)
}

// flush waits until what was done on either node before has reached the other:
// a change of nothing can only be waited for through one that shows.
func flush(t *testing.T, a, b presence.Tracker) {
	t.Helper()
	leaves := []func(){a.Enter("flush", "one"), b.Enter("flush", "two")}
	await(t, a, b, "flush", 2, 2)
	for _, leave := range leaves {
		leave()
	}
	await(t, a, b, "flush", 0, 0)
}

func nodes(t *testing.T, a, b presence.Tracker) {
	here, there := a.Enter("dusk", "diego"), b.Enter("dusk", "diego")
	other := b.Enter("dusk", "lupe")
	await(t, a, b, "dusk", 2, 2)
	here()
	flush(t, a, b)
	await(t, a, b, "dusk", 2, 2) // diego is still on the other node
	there()
	await(t, a, b, "dusk", 1, 1)
	other()
	await(t, a, b, "dusk", 0, 0)
}

func theArtist(t *testing.T, a, b presence.Tracker) {
	a.Enter("dusk", "diego")
	here, there := a.Enter("dusk", artist), b.Enter("dusk", artist)
	await(t, a, b, "dusk", 1, 2)
	here()
	flush(t, a, b)
	await(t, a, b, "dusk", 1, 2)
	there()
	await(t, a, b, "dusk", 1, 1)
}

func anonymous(t *testing.T, a, b presence.Tracker) {
	leave := a.Enter("dusk", "")
	a.Enter("dusk", "")
	b.Enter("dusk", "")
	await(t, a, b, "dusk", 0, 3)
	a.Enter("dusk", "diego")
	await(t, a, b, "dusk", 1, 4)
	leave()
	await(t, a, b, "dusk", 1, 3)
}

func leaveOnce(t *testing.T, a, b presence.Tracker) {
	for _, who := range []string{"diego", ""} {
		artwork := "before " + who
		leave := a.Enter(artwork, who)
		a.Enter(artwork, who)
		a.Enter(artwork, "lupe")
		var all sync.WaitGroup
		for range 8 {
			all.Go(leave)
		}
		all.Wait()
		people := int64(2)
		if who == "" {
			people = 1
		}
		flush(t, a, b)
		await(t, a, b, artwork, people, 2)
	}
}

func works(t *testing.T, a, b presence.Tracker) {
	// Names that a store of keys might confuse.
	names := []string{"dusk", "dus", "dusk:", "{dusk}", "dusk*", ""}
	for i, name := range names {
		for person := range i + 1 {
			a.Enter(name, fmt.Sprint("visitor ", person))
		}
	}
	for i, name := range names {
		await(t, a, b, name, int64(i+1), int64(i+1))
	}
}

// many people come and go on both nodes at once; in the end the count is exact.
func many(t *testing.T, a, b presence.Tracker) {
	const people = 300
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			who := fmt.Sprint("visitor ", i)
			for range 3 {
				a.Enter("dusk", who)()
				b.Enter("dusk", who)()
			}
			switch i % 3 {
			case 0:
				a.Enter("dusk", who)
			case 1:
				b.Enter("dusk", who)
				a.Enter("dusk", who)
			}
		})
	}
	all.Wait()
	await(t, a, b, "dusk", people/3*2, people/3*2)
}

// passing: who has left before anybody could be told was never there.
func passing(t *testing.T, a, b presence.Tracker) {
	for range 100 {
		a.Enter("dusk", "diego")()
		b.Enter("dusk", "")()
	}
	flush(t, a, b)
	await(t, a, b, "dusk", 0, 0)
}

// bell remembers for which works it was rung, and what it saw then.
type bell struct {
	mu   sync.Mutex
	rung map[string]int
}

func (b *bell) count(artworkID string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung[artworkID]
}

func (b *bell) ring(artworkID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rung[artworkID]++
}

func rises(t *testing.T, a, b presence.Tracker) {
	first := &bell{rung: map[string]int{}}
	a.OnRise(first.ring)
	second := first
	if a != b {
		second = &bell{rung: map[string]int{}}
		b.OnRise(second.ring)
	}
	a.Enter("dusk", "diego")
	awaitRing(t, first, "dusk", 1)
	rung := second.count("dusk")
	b.Enter("dusk", "lupe")
	awaitRing(t, second, "dusk", rung+1)
	a.Enter("dawn", "")
	flush(t, a, b)
	if got := first.count("dawn"); got != 0 {
		t.Errorf("rises where only an anonymous visitor came: got %d, want 0", got)
	}
}

func awaitRing(t *testing.T, b *bell, artworkID string, want int) {
	t.Helper()
	for deadline := time.Now().Add(patience); b.count(artworkID) < want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("rises told before %s: got %d, want %d", artworkID, b.count(artworkID), want)
		}
	}
}

// risesAfter: of two people who come at the same time to two nodes, at least
// one is told of when both are counted. Else a gate for two stays shut.
func risesAfter(t *testing.T, a, b presence.Tracker) {
	asked := make(chan string, 1000)
	ask := func(artworkID string) {
		select {
		case asked <- artworkID:
		default:
		}
	}
	a.OnRise(ask)
	if a != b {
		b.OnRise(ask)
	}
	for round := range 50 {
		artwork := fmt.Sprint("work ", round)
		go a.Enter(artwork, "diego")
		go b.Enter(artwork, "lupe")
		timeout := time.After(patience)
		for people := int64(0); people < 2; {
			select {
			case id := <-asked:
				c, err := a.Crowd(context.Background(), id, artist)
				if err != nil {
					t.Fatalf("count who is before %s: %v", id, err)
				}
				if id == artwork {
					people = c.People
				}
			case <-timeout:
				t.Fatalf("round %d: both have come, and no rise was told at which both were counted", round)
			}
		}
	}
}

func ended(t *testing.T, a, b presence.Tracker) {
	a.Enter("dusk", "diego")
	await(t, a, b, "dusk", 1, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := a.Crowd(ctx, "dusk", artist)
	if want := (presence.Crowd{People: 1, Visitors: 1}); err == nil || got != want {
		t.Errorf("count under a context that has ended: got %+v and error %v, want %+v and an error", got, err, want)
	}
}
