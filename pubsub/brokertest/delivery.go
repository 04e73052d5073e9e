package brokertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"invisibleart.example/gallery/pubsub"
)

func subscribeBeforeDeliver(t *testing.T, b pubsub.Broker) {
	// Many times over: an acknowledgement that comes too early is a race.
	for i := range 200 {
		channel, l := fmt.Sprintf("artwork:%d", i), newListener()
		subscribe(t, b, channel, l)
		publish(t, b, channel, "revealed")
		if got, want := l.await(t, 1), []string{"revealed"}; !slices.Equal(got, want) {
			t.Fatalf("channel %d: got %q, want %q", i, got, want)
		}
	}
}

func everySubscription(t *testing.T, b pubsub.Broker) {
	publish(t, b, "artwork:2", "to nobody") // is no error
	listeners := make([]*listener, 20)
	for i := range listeners {
		listeners[i] = newListener()
		subscribe(t, b, "artwork:1", listeners[i])
	}
	want := numbered(10)
	for _, m := range want {
		publish(t, b, "artwork:1", m)
	}
	for i, l := range listeners {
		if got := l.await(t, len(want)); !slices.Equal(got, want) {
			t.Errorf("subscription %d: got %q, want %q", i, got, want)
		}
	}
}

func otherChannels(t *testing.T, b pubsub.Broker) {
	// Names that a broker with patterns or key prefixes might confuse.
	names := []string{"artwork:1", "artwork:10", "artwork:*", "artwork:?", "artwork:[1]", "artwork", "user:1", "Artwork:1", "artwork:1 "}
	listeners := make([]*listener, len(names))
	for i, name := range names {
		listeners[i] = newListener()
		subscribe(t, b, name, listeners[i])
	}
	for _, name := range names {
		publish(t, b, name, "for "+name)
	}
	for _, name := range names {
		flush(t, b, name)
	}
	for i, name := range names {
		if got, want := listeners[i].all(), []string{"for " + name, "flush"}; !slices.Equal(got, want) {
			t.Errorf("channel %q: got %q, want %q", name, got, want)
		}
	}
}

func order(t *testing.T, b pubsub.Broker) {
	l := newListener()
	subscribe(t, b, "user:1", l)
	want := numbered(5_000)
	for _, m := range want {
		publish(t, b, "user:1", m)
	}
	if got := l.await(t, len(want)); !slices.Equal(got, want) {
		t.Errorf("%d messages arrived, not the %d that were sent in their order", len(got), len(want))
	}
}

func concurrentPublishers(t *testing.T, b pubsub.Broker) {
	const publishers, each = 16, 200
	first, second := newListener(), newListener()
	subscribe(t, b, "user:1", first)
	subscribe(t, b, "user:1", second)
	var all sync.WaitGroup
	for p := range publishers {
		all.Go(func() {
			for i := range each {
				publish(t, b, "user:1", fmt.Sprintf("%d %d", p, i))
			}
		})
	}
	all.Wait()
	got, other := first.await(t, publishers*each), second.await(t, publishers*each)
	if !slices.Equal(got, other) {
		t.Error("two subscriptions of a channel heard different orders, want one order for all")
	}
	next := make([]int, publishers)
	for _, m := range got {
		var p, i int
		if _, err := fmt.Sscanf(m, "%d %d", &p, &i); err != nil {
			t.Fatalf("got message %q: %v", m, err)
		}
		if i != next[p] {
			t.Fatalf("publisher %d: got its message %d, want %d", p, i, next[p])
		}
		next[p]++
	}
	if first.twice || second.twice {
		t.Error("Receive was called while another call of it was under way, want one after the other")
	}
}

func manyChannels(t *testing.T, b pubsub.Broker) {
	const n = 10_000
	listeners := make([]*listener, n)
	for i := range listeners {
		listeners[i] = newListener()
		subscribe(t, b, fmt.Sprintf("artwork:%d", i), listeners[i])
	}
	for i := range listeners {
		publish(t, b, fmt.Sprintf("artwork:%d", i), fmt.Sprint(i))
	}
	for i, l := range listeners {
		if got, want := l.await(t, 1), []string{fmt.Sprint(i)}; !slices.Equal(got, want) {
			t.Fatalf("channel %d: got %q, want %q", i, got, want)
		}
	}
}

func anyBytes(t *testing.T, b pubsub.Broker) {
	l := newListener()
	subscribe(t, b, "system", l)
	want := []string{"", "\x00\r\n*1\r\n$4\r\nPING\r\n", "\xff\xfe", "日本語", strings.Repeat("x", 256<<10)}
	for _, m := range want {
		publish(t, b, "system", m)
	}
	if got := l.await(t, len(want)); !slices.Equal(got, want) {
		t.Errorf("got %.40q, want %.40q", got, want)
	}
}

func endedContext(t *testing.T, b pubsub.Broker) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := newListener()
	if s, err := b.Subscribe(ctx, "user:1", l); err == nil {
		s.Unsubscribe()
		t.Error("Subscribe with a context that has ended: got no error, want one")
	}
	flush(t, b, "user:1")
	if got := l.all(); len(got) > 0 {
		t.Errorf("after a Subscribe that failed: got %q, want nothing", got)
	}
}
