package curator_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/presence"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/redis"
)

func atOnce(n int64) gallery.Condition {
	return gallery.Condition{Measure: gallery.MeasureConcurrentViewers, Target: n}
}

// strangers are people whom only the sockets have seen.
func strangers(prefix string, n int) []auth.Identity {
	list := make([]auth.Identity, n)
	for i := range list {
		list[i] = auth.Identity{User: gallery.User{ID: fmt.Sprint(prefix, i)}}
	}
	return list
}

// look reads a work behind nobody's back.
func (h *house) look(id string) gallery.Artwork {
	h.t.Helper()
	art, err := h.Artwork(context.Background(), id)
	if err != nil {
		h.t.Fatalf("read artwork: %v", err)
	}
	return art
}

// progress is how far the first condition of a work has come.
func (h *house) progress(id string) int64 { return h.look(id).Conditions[0].Current }

func (h *house) awaitProgress(id string, want int64) {
	h.t.Helper()
	eventually(h.t, fmt.Sprintf("%d people are counted before the work", want), func() bool {
		got := h.progress(id)
		if got > want {
			h.t.Fatalf("people counted before the work: got %d, want %d", got, want)
		}
		return got == want
	})
}

// settled waits until everything that rose before was judged: that of a work of
// its own, which rises last, was.
func (h *house) settled(artist auth.Identity) {
	h.t.Helper()
	last := h.hang(artist, gallery.RevealAny, atOnce(1))
	defer h.Enter(last.ID, strangers("last", 1)[0])()
	eventually(h.t, "the last work that rose is judged", func() bool { return h.look(last.ID).IsRevealed() })
}

// TestCrowd: the condition counts distinct people who are there together, and
// reveals once.
func TestCrowd(t *testing.T) { onBoth(t, crowd) }

func crowd(t *testing.T, p plan) {
	h := open(t, p)
	artist := h.person("ana", true)
	art := h.hang(artist, gallery.RevealAny, atOnce(3))
	work := h.listen("artwork:" + art.ID)
	who := strangers("visitor", 4)
	for range 5 {
		h.Enter(art.ID, who[0]) // tabs of one person
		h.Enter(art.ID, auth.Identity{})
		h.Enter(art.ID, artist)
	}
	h.awaitProgress(art.ID, 1)
	leave := h.Enter(art.ID, who[1])
	h.awaitProgress(art.ID, 2)
	leave()
	h.Enter(art.ID, who[2])
	h.settled(artist)
	if got := h.look(art.ID); got.IsRevealed() || got.Conditions[0].Current != 2 {
		t.Errorf("after two, one less and one more: got %+v, want 2 of 3", got.Conditions[0])
	}
	h.Enter(art.ID, who[3])
	eventually(t, "the third at the same time reveals", func() bool { return h.look(art.ID).IsRevealed() })
	h.Enter(art.ID, who[1])
	h.settled(artist)
	if got, want := work.kinds(), []gallery.EventKind{gallery.EventArtworkRevealed}; !slices.Equal(got, want) {
		t.Errorf("told before the work: got %v, want %v", got, want)
	}
	if got := len(slices.DeleteFunc(h.inbox(artist), func(n gallery.Notification) bool { return n.Data.ArtworkID != art.ID })); got != 1 {
		t.Errorf("notifications of the reveal: got %d, want 1", got)
	}
}

// TestCrowdAndOtherConditions are judged together.
func TestCrowdAndOtherConditions(t *testing.T) {
	h := open(t, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAll, atOnce(2), comments(1), atOnce(3))
	who := strangers("visitor", 3)
	leaves := []func(){h.Enter(art.ID, who[0]), h.Enter(art.ID, who[1])}
	h.awaitProgress(art.ID, 2)
	for _, leave := range leaves {
		leave()
	}
	if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
		t.Fatal(err)
	}
	if got := h.look(art.ID); got.IsRevealed() || !got.Conditions[0].IsMet || !got.Conditions[1].IsMet || got.Conditions[2].Current != 2 {
		t.Errorf("after a crowd of two that has left, and a comment: got %+v, want all met but the crowd of three", got.Conditions)
	}
	for _, v := range who {
		h.Enter(art.ID, v)
	}
	eventually(t, "the crowd of three reveals", func() bool { return h.look(art.ID).IsRevealed() })
}

// TestEditIsJudgedByTheCrowdThatIsThere, before it is answered.
func TestEditIsJudgedByTheCrowdThatIsThere(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	for _, test := range []struct {
		target, current int64
		reveals         bool
	}{{2, 2, true}, {3, 2, false}} {
		art := h.hang(artist, gallery.RevealAny, comments(9))
		for _, who := range strangers("visitor", 2) {
			h.Enter(art.ID, who)
		}
		h.Enter(art.ID, artist)
		h.Enter(art.ID, auth.Identity{})
		got, err := h.EditArtwork(t.Context(), artist, art.ID, curator.Edit{Conditions: []gallery.Condition{atOnce(test.target)}})
		if err != nil {
			t.Fatal(err)
		}
		if got.IsRevealed() != test.reveals || got.Conditions[0].Current != test.current {
			t.Errorf("two people and a wish for %d: got revealed %t at %d, want %t at %d",
				test.target, got.IsRevealed(), got.Conditions[0].Current, test.reveals, test.current)
		}
	}
}

// TestEditMeetsACrowdThatGathers: the wish is committed while the people come;
// whichever is first, nobody is missed.
func TestEditMeetsACrowdThatGathers(t *testing.T) { onBoth(t, editMeetsACrowdThatGathers) }

func editMeetsACrowdThatGathers(t *testing.T, p plan) {
	h := open(t, p)
	artist := h.person("ana", true)
	for range 10 {
		var arts []gallery.Artwork
		for range 5 {
			arts = append(arts, h.hang(artist, gallery.RevealAny, comments(9)))
		}
		together(3*len(arts), func(i int) {
			art := arts[i/3]
			if i%3 < 2 {
				h.Enter(art.ID, strangers(fmt.Sprint("visitor ", i), 1)[0])
				return
			}
			if _, err := h.EditArtwork(t.Context(), artist, art.ID, curator.Edit{Conditions: []gallery.Condition{atOnce(2)}}); err != nil {
				t.Errorf("edit: %v", err)
			}
		})
		for _, art := range arts {
			eventually(t, "both people are found before the work", func() bool { return h.look(art.ID).IsRevealed() })
		}
	}
}

// TestCrowdsComeTogether: hundreds of people before many works cost a few
// commits, and each work is revealed once.
func TestCrowdsComeTogether(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	const works, people = 10, 200
	var arts []gallery.Artwork
	var ears []*ear
	for range works {
		arts = append(arts, h.hang(artist, gallery.RevealAny, atOnce(people)))
		ears = append(ears, h.listen("artwork:"+arts[len(arts)-1].ID))
	}
	who := strangers("visitor", people)
	together(works*people, func(i int) { h.Enter(arts[i%works].ID, who[i/works]) })
	for i, art := range arts {
		eventually(t, "the crowd reveals", func() bool { return h.look(art.ID).IsRevealed() })
		ears[i].await(t, 1)
	}
	h.settled(artist)
	for _, e := range ears {
		if got := len(e.all()); got != 1 {
			t.Errorf("reveals told: got %d, want 1", got)
		}
	}
}

// TestCrowdOutlivesAnOutage: who came while the store was away is judged when it
// is back, though nobody comes any more.
func TestCrowdOutlivesAnOutage(t *testing.T) {
	wire, source := through(t, servers.Database(t))
	h := open(t, plan{source: source})
	artist := h.person("ana", true)
	art := h.hang(artist, gallery.RevealAny, atOnce(2))
	wire.Cut()
	for _, who := range strangers("visitor", 2) {
		h.Enter(art.ID, who)
	}
	eventually(t, "the outage is noticed", func() bool { return len(h.log.lines("before which somebody has come")) > 0 })
	wire.Heal(t)
	eventually(t, "the crowd is judged", func() bool {
		now, err := h.Artwork(context.Background(), art.ID)
		return err == nil && now.IsRevealed()
	})
}

// TestCrowdBeforeADeletedWork troubles nobody.
func TestCrowdBeforeADeletedWork(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	art := h.hang(artist, gallery.RevealAny, atOnce(1))
	if err := h.DeleteArtwork(t.Context(), artist, art.ID); err != nil {
		t.Fatal(err)
	}
	h.Enter(art.ID, strangers("visitor", 1)[0])
	h.settled(artist)
	if lines := h.log.lines("before which somebody has come"); len(lines) > 0 {
		t.Errorf("log: got %q, want nothing of it", lines)
	}
}

// lobby is a node's tracker over a Redis that others share.
func lobby(t *testing.T, url, node string) presence.Tracker {
	t.Helper()
	client, err := redis.Open(url, redis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tracker := redis.NewPresence(client, node)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = client.Run(ctx) })
	all.Go(func() { _ = tracker.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		all.Wait()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return tracker
}

// TestCrowdOverTwoNodes: the people of both count together, once each, and the
// work is revealed once, whichever node the last one comes to.
func TestCrowdOverTwoNodes(t *testing.T) {
	server := servers.Redis(t)
	broker := pubsub.NewMemory()
	p := plan{source: servers.Database(t), node: "a", broker: broker, presence: lobby(t, server.URL, "a")}
	a := open(t, p)
	p.node, p.presence = "b", lobby(t, server.URL, "b")
	b := a.beside(p)
	artist := a.person("ana", true)
	nodes := []*house{a, b}

	art := a.hang(artist, gallery.RevealAny, atOnce(3))
	who := strangers("visitor", 3)
	for _, h := range nodes { // the same person on both, and others who are none
		h.Enter(art.ID, who[0])
		h.Enter(art.ID, artist)
		h.Enter(art.ID, auth.Identity{})
	}
	a.awaitProgress(art.ID, 1)
	b.Enter(art.ID, who[1])
	a.awaitProgress(art.ID, 2)
	if got, err := a.Crowd(t.Context(), art); err != nil || got != (presence.Crowd{People: 2, Visitors: 5}) {
		t.Errorf("before the work: got %+v (%v), want 2 people and 5 visitors", got, err)
	}
	heard := a.listen("artwork:" + art.ID)
	a.Enter(art.ID, who[2])
	heard.await(t, 1)

	const crowd, rounds = 20, 8
	for round := range rounds {
		art := a.hang(artist, gallery.RevealAny, atOnce(crowd))
		heard := a.listen("artwork:" + art.ID)
		who := strangers("visitor", crowd)
		var leaves [crowd]func()
		begun := time.Now()
		together(crowd, func(i int) { leaves[i] = nodes[i%2].Enter(art.ID, who[i]) })
		heard.await(t, 1)
		t.Logf("round %d: told %v after the first of %d came", round, heard.all()[0].at.Sub(begun), crowd)
		for _, leave := range leaves {
			leave()
		}
		a.settled(artist)
		b.settled(artist)
		if got := len(heard.all()); got != 1 {
			t.Errorf("round %d: told %d times, want once", round, got)
		}
	}
}

// TestEditOverTwoNodes: the wish is committed on one node, the crowd is on the
// other.
func TestEditOverTwoNodes(t *testing.T) {
	server := servers.Redis(t)
	p := plan{source: servers.Database(t), node: "a", broker: pubsub.NewMemory(), presence: lobby(t, server.URL, "a")}
	a := open(t, p)
	p.node, p.presence = "b", lobby(t, server.URL, "b")
	b := a.beside(p)
	artist := a.person("ana", true)
	for round := range 8 {
		art := a.hang(artist, gallery.RevealAny, comments(9))
		who := strangers("visitor", 2)
		b.Enter(art.ID, who[0])
		together(2, func(i int) {
			if i == 0 {
				b.Enter(art.ID, who[1])
				return
			}
			if _, err := a.EditArtwork(t.Context(), artist, art.ID, curator.Edit{Conditions: []gallery.Condition{atOnce(2)}}); err != nil {
				t.Errorf("edit: %v", err)
			}
		})
		eventually(t, fmt.Sprintf("round %d: both people are found before the work", round), func() bool { return a.look(art.ID).IsRevealed() })
	}
}
