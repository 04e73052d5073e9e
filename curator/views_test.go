package curator_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

func TestWhoseLookIsAView(t *testing.T) {
	h := open(t, plan{})
	artist, fan, colleague := h.person("ana", true), h.person("ben", false), h.person("cleo", true)
	art := h.hang(artist, gallery.RevealAny, views(3))
	for i, step := range []struct {
		who  auth.Identity
		want int64
	}{
		{auth.Identity{}, 0}, {artist, 0}, {fan, 1}, {fan, 1}, {auth.Identity{}, 1}, {colleague, 2}, {artist, 2}, {fan, 2},
	} {
		seen, err := h.Look(t.Context(), step.who, art.ID)
		if err != nil || seen.ViewCount != step.want || seen.IsRevealed() {
			t.Errorf("look %d: got %d views, revealed %t (%v), want %d and hidden", i+1, seen.ViewCount, seen.IsRevealed(), err, step.want)
		}
	}
	for _, who := range []auth.Identity{{}, fan} {
		_, err := h.Look(t.Context(), who, "0198b7b1-0000-7000-8000-000000000000")
		refusedWith(t, "no such work", err, gallery.NotFound)
		_, err = h.Look(t.Context(), who, "../etc")
		refusedWith(t, "no id", err, gallery.NotFound)
	}
}

// TestCountedViewerCostsNoWrite: while somebody holds the one writer, whoever
// was counted still gets an answer.
func TestCountedViewerCostsNoWrite(t *testing.T) {
	h := open(t, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, views(3))
	if _, err := h.Look(t.Context(), fan, art.ID); err != nil {
		t.Fatal(err)
	}
	h.holdingTheWriter(func() {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := h.Look(ctx, fan, art.ID); err != nil {
			t.Errorf("look: %v", err)
		}
	})
}

// TestViewsWaitSoLong: a view that the store has no time for is asked to come
// again; it is not told that something is broken.
func TestViewsWaitSoLong(t *testing.T) {
	h := open(t, plan{idle: true})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, views(3))
	h.holdingTheWriter(func() {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := h.Look(ctx, fan, art.ID)
		refusedWith(t, "no time", err, gallery.Unavailable)
	})
}

// holdingTheWriter runs fn while no transaction can write.
func (h *house) holdingTheWriter(fn func()) {
	h.t.Helper()
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- h.db.Write(context.Background(), func(*store.Tx) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	fn()
	close(release)
	if err := <-done; err != nil {
		h.t.Fatal(err)
	}
}

// TestCancelledViewLosesNoOther: views wait for one commit together; some of
// their callers go away.
func TestCancelledViewLosesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, plan{})
		artist := h.person("ana", true)
		people := h.people("p", 40)
		art := h.hang(artist, gallery.RevealAny, views(20))
		gone, leave := context.WithCancel(t.Context())
		seen, errs := make([]gallery.Artwork, len(people)), make([]error, len(people))
		var done sync.WaitGroup
		h.holdingTheWriter(func() {
			for i, who := range people {
				ctx := t.Context()
				if i%2 == 1 {
					ctx = gone
				}
				done.Go(func() { seen[i], errs[i] = h.Look(ctx, who, art.ID) })
			}
			synctest.Wait() // all of them wait for the commit
			leave()
			synctest.Wait() // the impatient are gone
		})
		done.Wait()
		for i, err := range errs {
			switch {
			case i%2 == 1:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("impatient view %d: got %v, want it cancelled", i, err)
				}
			case err != nil:
				t.Errorf("patient view %d: %v", i, err)
			case seen[i].IsRevealed() != (seen[i].ViewCount >= 20):
				t.Errorf("got revealed %t at %d views, want it at 20", seen[i].IsRevealed(), seen[i].ViewCount)
			}
		}
		now, err := h.Artwork(t.Context(), art.ID)
		if err != nil || now.ViewCount < 20 || now.ViewCount > 40 || !now.IsRevealed() {
			t.Errorf("got %d views, revealed %t (%v), want 20 to 40 and revealed", now.ViewCount, now.IsRevealed(), err)
		}
	})
}

// TestStoppedCuratorRefuses: in the middle of a storm nobody hangs, what was
// answered is there, and afterwards everything that writes is Unavailable.
func TestStoppedCuratorRefuses(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	people := h.people("p", 60)
	art := h.hang(artist, gallery.RevealAny, views(1000))
	var counted atomic.Int64
	go func() {
		for counted.Load() < 5 {
			time.Sleep(time.Millisecond)
		}
		h.stop()
	}()
	together(len(people), func(i int) {
		if i >= 10 {
			// The later ones come while, or after, it stops.
			eventually(t, "it stops", func() bool { return h.Ready(t.Context()) != nil || counted.Load() > int64(i)/2 })
		}
		_, err := h.Look(t.Context(), people[i], art.ID)
		switch gallery.CodeOf(err) {
		case "":
			counted.Add(1)
		case gallery.Unavailable:
		default:
			t.Errorf("got %v, want Unavailable", err)
		}
	})
	h.stop()
	now, err := h.Artwork(t.Context(), art.ID)
	if err != nil || now.ViewCount != counted.Load() {
		t.Errorf("got %d views (%v), want the %d that were answered", now.ViewCount, err, counted.Load())
	}
	late := open(t, plan{dir: h.dir, idle: true}).person("late", false)
	_, err = h.Look(t.Context(), late, art.ID)
	refusedWith(t, "look", err, gallery.Unavailable)
	_, err = h.Comment(t.Context(), artist, art.ID, "!")
	refusedWith(t, "comment", err, gallery.Unavailable)
	_, err = h.RevealByHand(t.Context(), artist, art.ID)
	refusedWith(t, "reveal", err, gallery.Unavailable)
	_, err = h.Login(t.Context(), "ana@example.org", password, "")
	refusedWith(t, "login", err, gallery.Unavailable)
	refusedWith(t, "ready", h.Ready(t.Context()), gallery.Unavailable)
	if err := h.Run(t.Context()); err == nil {
		t.Error("it ran a second time")
	}
}
