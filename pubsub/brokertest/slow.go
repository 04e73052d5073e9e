package brokertest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"invisibleart.example/gallery/pubsub"
)

// slowSubscriber has one subscriber hang while others are served, and then go
// on: it hears what it was too slow for, in order.
func slowSubscriber(t *testing.T, b pubsub.Broker) {
	const messages = 100
	entered, hang := make(chan struct{}), make(chan struct{})
	slow := newListener()
	slow.onReceive = sync.OnceFunc(func() { close(entered); <-hang })
	subscribe(t, b, "artwork:slow", slow)

	// A broker may make publishers wait for their own channel's subscribers.
	var publisher sync.WaitGroup
	publisher.Go(func() {
		for _, m := range numbered(messages) {
			publish(t, b, "artwork:slow", m)
		}
	})
	release := sync.OnceFunc(func() { close(hang) })
	defer publisher.Wait()
	defer release()
	<-entered
	for i := range 50 {
		// Old channels and new ones, ten messages each.
		channel, l := fmt.Sprintf("artwork:%d", i%25), newListener()
		s := subscribe(t, b, channel, l)
		for _, m := range numbered(10) {
			publish(t, b, channel, m)
		}
		if got, want := l.await(t, 10), numbered(10); !slices.Equal(got, want) {
			t.Fatalf("channel %d, beside a subscriber that hangs: got %q, want %q", i, got, want)
		}
		s.Unsubscribe()
	}
	if got := slow.all(); len(got) > 0 {
		t.Fatalf("who hangs in its first message: got %q, want nothing yet", got)
	}
	release()
	if got, want := slow.await(t, messages), numbered(messages); !slices.Equal(got, want) {
		t.Errorf("who was slow: got %.10q, want the %d messages in their order", got, messages)
	}
	if slow.twice {
		t.Error("Receive was called while another call of it was under way, want one after the other")
	}
}
