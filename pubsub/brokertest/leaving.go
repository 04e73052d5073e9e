package brokertest

import (
	"slices"
	"sync"
	"testing"

	"invisibleart.example/gallery/pubsub"
)

func unsubscribed(t *testing.T, b pubsub.Broker) {
	leaver, stayer := newListener(), newListener()
	s := subscribe(t, b, "artwork:1", leaver)
	subscribe(t, b, "artwork:1", stayer)
	publish(t, b, "artwork:1", "first")
	leaver.await(t, 1)
	s.Unsubscribe()
	publish(t, b, "artwork:1", "second")
	stayer.await(t, 2)
	if got, want := leaver.all(), []string{"first"}; !slices.Equal(got, want) {
		t.Errorf("who had left: got %q, want %q", got, want)
	}
}

func unsubscribeWithin(t *testing.T, b pubsub.Broker) {
	leaver, stayer := newListener(), newListener()
	var once pubsub.Subscription
	leaver.onReceive = func() { once.Unsubscribe() }
	once = subscribe(t, b, "artwork:1", leaver)
	subscribe(t, b, "artwork:1", stayer)
	for _, m := range numbered(10) {
		publish(t, b, "artwork:1", m)
	}
	if got, want := stayer.await(t, 10), numbered(10); !slices.Equal(got, want) {
		t.Errorf("who stayed: got %q, want %q", got, want)
	}
	flush(t, b, "artwork:1")
	if got, want := leaver.all(), numbered(1); !slices.Equal(got, want) {
		t.Errorf("who left on the first message: got %q, want %q", got, want)
	}
}

func unsubscribeTwice(t *testing.T, b pubsub.Broker) {
	leaver, stayer := newListener(), newListener()
	s := subscribe(t, b, "artwork:1", leaver)
	subscribe(t, b, "artwork:1", stayer)
	s.Unsubscribe()
	s.Unsubscribe()
	publish(t, b, "artwork:1", "still here")
	stayer.await(t, 1)
	if got := leaver.all(); len(got) > 0 {
		t.Errorf("who had left twice: got %q, want nothing", got)
	}
}

func reborn(t *testing.T, b pubsub.Broker) {
	for round := range 500 {
		l := newListener()
		s := subscribe(t, b, "artwork:1", l)
		publish(t, b, "artwork:1", "hello")
		if got, want := l.await(t, 1), []string{"hello"}; !slices.Equal(got, want) {
			t.Fatalf("round %d: got %q, want %q", round, got, want)
		}
		s.Unsubscribe()
	}
}

// churn joins and leaves on several goroutines while messages pass; each
// joiner must hear what is published between its Subscribe and its Unsubscribe.
func churn(t *testing.T, b pubsub.Broker) {
	stayer := newListener()
	subscribe(t, b, "artwork:1", stayer)
	stop := make(chan struct{})
	var noise, joiners sync.WaitGroup
	noise.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				publish(t, b, "artwork:1", "noise")
			}
		}
	})
	for range 8 {
		joiners.Go(func() {
			for range 50 {
				l := newListener()
				s, err := b.Subscribe(t.Context(), "artwork:1", l)
				if err != nil {
					t.Errorf("subscribe: %v", err)
					return
				}
				publish(t, b, "artwork:1", "mine")
				for heard := []string(nil); err == nil && !slices.Contains(heard, "mine"); {
					heard, err = l.reach(len(heard) + 1)
				}
				s.Unsubscribe()
				if err != nil {
					t.Errorf("between Subscribe and Unsubscribe: %v", err)
				}
			}
		})
	}
	joiners.Wait()
	close(stop)
	noise.Wait()
	flush(t, b, "artwork:1")
	// The stayer's flush message may still be on its way; what came before it
	// is all there, because a channel keeps its order for everybody.
	heard := stayer.all()
	for !slices.Contains(heard, "flush") {
		heard = stayer.await(t, len(heard)+1)
	}
	mine := 0
	for _, m := range heard {
		if m == "mine" {
			mine++
		}
	}
	if mine != 400 {
		t.Errorf("who stayed all the time: got %d of the joiners' messages, want 400", mine)
	}
}
