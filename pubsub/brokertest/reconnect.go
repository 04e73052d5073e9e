package brokertest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"invisibleart.example/gallery/pubsub"
)

// Severed is a broker together with a hand on its wire. After Cut nothing
// passes, and what was connected is broken; after Restore it may connect again.
// Both return when that is done, not when the broker has noticed.
type Severed struct {
	pubsub.Broker
	Cut, Restore func()
}

// Reconnect runs the part of the suite that is for brokers that can be cut off
// from what carries their messages. open makes one for one test and cleans up
// after it.
func Reconnect(t *testing.T, open func(t *testing.T) Severed) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, b Severed)
	}{
		{"whoever listened is told, and hears all that follows", toldAfterwards},
		{"again and again", cutOften},
		{"publishing while cut off fails soon", publishWhileCut},
		{"subscribing while cut off", subscribeWhileCut},
		{"unsubscribing while cut off", unsubscribeWhileCut},
		{"a thousand channels", manyWhileCut},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// told waits until Resubscribed was called more than n times, and returns how
// often it was.
func (l *listener) told(t *testing.T, n int) int {
	t.Helper()
	deadline := time.After(patience)
	for {
		l.mu.Lock()
		times := l.resubscribed
		l.mu.Unlock()
		if times > n {
			return times
		}
		select {
		case <-l.more:
		case <-deadline:
			t.Fatalf("Resubscribed was called %d times within %v, want more than %d", times, patience, n)
		}
	}
}

func toldAfterwards(t *testing.T, b Severed) {
	listeners := make([]*listener, 10)
	for i := range listeners {
		listeners[i] = newListener()
		subscribe(t, b, fmt.Sprintf("artwork:%d", i/2), listeners[i])
	}
	for i := range 5 {
		publish(t, b, fmt.Sprintf("artwork:%d", i), "before")
	}
	for _, l := range listeners {
		l.await(t, 1)
	}
	b.Cut()
	b.Restore()
	for _, l := range listeners {
		l.told(t, 0)
	}
	for i := range 5 {
		// One subscription stands before another does, but each before it is
		// told: nothing may be missing now.
		eventually(t, b, fmt.Sprintf("artwork:%d", i), "after")
	}
	for i, l := range listeners {
		if got, want := l.await(t, 2), []string{"before", "after"}; !slices.Equal(got, want) {
			t.Errorf("subscription %d: got %q, want %q", i, got, want)
		}
		if l.twice {
			t.Errorf("subscription %d was called while another call of it was under way", i)
		}
	}
}

func cutOften(t *testing.T, b Severed) {
	l := newListener()
	subscribe(t, b, "user:1", l)
	times := 0
	var want []string
	for round := range 5 {
		b.Cut()
		b.Restore()
		times = l.told(t, times)
		m := fmt.Sprint("round ", round)
		eventually(t, b, "user:1", m)
		want = append(want, m)
		if got := l.await(t, len(want)); !slices.Equal(got, want) {
			t.Fatalf("round %d: got %q, want %q", round, got, want)
		}
	}
}

func publishWhileCut(t *testing.T, b Severed) {
	l := newListener()
	subscribe(t, b, "user:1", l)
	b.Cut()
	begun := time.Now()
	for range 100 {
		if err := b.Publish(t.Context(), "user:1", []byte("lost")); err == nil {
			t.Fatal("publish while cut off: got no error, want one")
		}
	}
	// The first ones may find out the hard way, with a deadline; all of them
	// must not.
	if took := time.Since(begun); took > patience/2 {
		t.Errorf("publishing 100 times while cut off took %v", took)
	}
	b.Restore()
	l.told(t, 0)
	eventually(t, b, "user:1", "found")
	if got, want := l.await(t, 1), []string{"found"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func subscribeWhileCut(t *testing.T, b Severed) {
	b.Cut()
	old, late := newListener(), newListener()
	begun := time.Now()
	subscribe(t, b, "artwork:1", old)
	subscribe(t, b, "artwork:1", late)
	if took := time.Since(begun); took > patience/2 {
		t.Errorf("subscribing while cut off took %v, want it soon", took)
	}
	b.Restore()
	for _, l := range []*listener{old, late} {
		l.told(t, 0)
	}
	eventually(t, b, "artwork:1", "after")
	for _, l := range []*listener{old, late} {
		if got, want := l.await(t, 1), []string{"after"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func unsubscribeWhileCut(t *testing.T, b Severed) {
	leaver, returner, stayer := newListener(), newListener(), newListener()
	s := subscribe(t, b, "artwork:1", leaver)
	r := subscribe(t, b, "artwork:2", newListener())
	subscribe(t, b, "artwork:1", stayer)
	b.Cut()
	s.Unsubscribe()
	r.Unsubscribe()
	subscribe(t, b, "artwork:2", returner)
	b.Restore()
	stayer.told(t, 0)
	returner.told(t, 0)
	eventually(t, b, "artwork:1", "one")
	eventually(t, b, "artwork:2", "two")
	stayer.await(t, 1)
	if got, want := returner.await(t, 1), []string{"two"}; !slices.Equal(got, want) {
		t.Errorf("who came while cut off: got %q, want %q", got, want)
	}
	leaver.mu.Lock()
	defer leaver.mu.Unlock()
	if len(leaver.heard) > 0 || leaver.resubscribed > 0 {
		t.Errorf("who left while cut off: got %q and Resubscribed %d times, want nothing", leaver.heard, leaver.resubscribed)
	}
}

func manyWhileCut(t *testing.T, b Severed) {
	const n = 1000
	listeners := make([]*listener, n)
	for i := range listeners {
		listeners[i] = newListener()
		subscribe(t, b, fmt.Sprintf("artwork:%d", i), listeners[i])
	}
	b.Cut()
	b.Restore()
	for _, l := range listeners {
		l.told(t, 0)
	}
	for i := range listeners {
		eventually(t, b, fmt.Sprintf("artwork:%d", i), fmt.Sprint(i))
	}
	for i, l := range listeners {
		if got, want := l.await(t, 1), []string{fmt.Sprint(i)}; !slices.Equal(got, want) {
			t.Fatalf("channel %d: got %q, want %q", i, got, want)
		}
	}
}

// eventually publishes until that succeeds: the way to publish may come back
// after the way to listen. A message that failed has not passed, because these
// brokers fail before they send while they are cut off.
func eventually(t *testing.T, b pubsub.Broker, channel, message string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := b.Publish(context.Background(), channel, []byte(message))
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("publish %q on %s: %v", message, channel, err)
		}
	}
}
