package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/pubsub/brokertest"
)

func TestMemory(t *testing.T) {
	brokertest.Exercise(t, func(*testing.T) pubsub.Broker { return pubsub.NewMemory() })
}

// receiver turns a function into a Subscriber.
type receiver func(message []byte)

func (r receiver) Receive(message []byte) { r(message) }
func (r receiver) Resubscribed()          {}

// TestPublishDelivers holds what only the in-process broker promises: when
// Publish returns, everybody has been called.
func TestPublishDelivers(t *testing.T) {
	b, heard := pubsub.NewMemory(), ""
	s, err := b.Subscribe(t.Context(), "artwork:1", receiver(func(m []byte) { heard += string(m) }))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Unsubscribe()
	for _, m := range []string{"a", "b", "c"} {
		if err := b.Publish(t.Context(), "artwork:1", []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := heard, "abc"; got != want {
		t.Errorf("heard when Publish had returned: got %q, want %q", got, want)
	}
}

// TestPublishWaitsNoLongerThanItsContext: one subscriber that hangs holds up
// the publishers of its channel until their deadlines, and no other channel.
func TestPublishWaitsNoLongerThanItsContext(t *testing.T) {
	b := pubsub.NewMemory()
	entered, hang := make(chan struct{}), make(chan struct{})
	s, err := b.Subscribe(t.Context(), "artwork:1", receiver(func([]byte) { close(entered); <-hang }))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Unsubscribe()
	first := make(chan error, 1)
	go func() { first <- b.Publish(context.Background(), "artwork:1", nil) }()
	<-entered

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Publish(ctx, "artwork:1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("publish behind a hanging subscriber: got error %v, want %v", err, context.Canceled)
	}
	if err := b.Publish(t.Context(), "artwork:2", nil); err != nil {
		t.Errorf("publish on another channel: got error %v, want none", err)
	}
	close(hang)
	if err := <-first; err != nil {
		t.Errorf("publish that did the delivering: got error %v, want none", err)
	}
}

func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("subscribers=%d", n), func(b *testing.B) {
			m := pubsub.NewMemory()
			for range n {
				if _, err := m.Subscribe(b.Context(), "artwork:1", receiver(func([]byte) {})); err != nil {
					b.Fatal(err)
				}
			}
			message := []byte(`{"kind":"artwork_revealed"}`)
			for b.Loop() {
				if err := m.Publish(b.Context(), "artwork:1", message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
