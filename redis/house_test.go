package redis_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/redis"
)

// patience is how long anything here may take on a busy machine.
const patience = 20 * time.Second

// run makes a broker of its own client and runs both until the test ends.
func run(t testing.TB, url string) *redis.Broker {
	t.Helper()
	return runBroker(t, open(t, url, ""))
}

func open(t testing.TB, url, prefix string) *redis.Client {
	t.Helper()
	client, err := redis.Open(url, redis.Options{Prefix: prefix, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func runBroker(t testing.TB, client *redis.Client) *redis.Broker {
	t.Helper()
	broker := redis.NewBroker(client)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, run := range []func(context.Context) error{client.Run, broker.Run} {
		all.Go(func() {
			if err := run(ctx); err != nil {
				t.Errorf("run: got error %v, want none", err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		all.Wait()
		if err := client.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return broker
}

// connected is run, and waits until the broker listens.
func connected(t testing.TB, url string) *redis.Broker {
	t.Helper()
	return connectedAs(t, url, "")
}

// connectedAs is connected, as a gallery with that prefix.
func connectedAs(t testing.TB, url, prefix string) *redis.Broker {
	t.Helper()
	b := runBroker(t, open(t, url, prefix))
	awaitDelivery(t, b, b)
	return b
}

// awaitDelivery waits until what one broker publishes arrives at another, and
// returns how long that took.
func awaitDelivery(t testing.TB, from, to pubsub.Broker) time.Duration {
	t.Helper()
	begun, e := time.Now(), newEar()
	s, err := to.Subscribe(t.Context(), "probe", e)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Unsubscribe()
	for !e.heard("probe") {
		if time.Since(begun) > patience {
			t.Fatalf("nothing arrives within %v", patience)
		}
		_ = from.Publish(t.Context(), "probe", []byte("probe")) // fails until it does not
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(begun)
}

// ear notes everything that it is told.
type ear struct {
	mu       sync.Mutex
	messages []string
	told     int // calls of Resubscribed
	changed  chan struct{}
}

func newEar() *ear { return &ear{changed: make(chan struct{}, 1)} }

func (e *ear) Receive(message []byte) {
	e.note(func() { e.messages = append(e.messages, string(message)) })
}
func (e *ear) Resubscribed() { e.note(func() { e.told++ }) }

func (e *ear) note(what func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	what()
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *ear) heard(message string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.messages, message)
}

func (e *ear) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.messages)
}

func (e *ear) times() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told
}

// await waits until something holds.
func (e *ear) await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-e.changed:
		case <-deadline:
			t.Fatalf("waited %v for %s; got %d messages, Resubscribed %d times", patience, what, len(e.all()), e.times())
		}
	}
}

func (e *ear) awaitTold(t testing.TB, more int) {
	t.Helper()
	e.await(t, "Resubscribed", func() bool { return e.times() > more })
}

func (e *ear) awaitMessage(t testing.TB, message string) {
	t.Helper()
	e.await(t, message, func() bool { return e.heard(message) })
}

func subscribe(t testing.TB, b pubsub.Broker, channel string, s pubsub.Subscriber) pubsub.Subscription {
	t.Helper()
	subscription, err := b.Subscribe(t.Context(), channel, s)
	if err != nil {
		t.Fatalf("subscribe to %s: %v", channel, err)
	}
	return subscription
}

func publish(t testing.TB, b pubsub.Broker, channel, message string) {
	t.Helper()
	if err := b.Publish(t.Context(), channel, []byte(message)); err != nil {
		t.Errorf("publish %s on %s: %v", message, channel, err)
	}
}

// insist publishes until that succeeds.
func insist(t testing.TB, b pubsub.Broker, channel, message string) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		err := b.Publish(t.Context(), channel, []byte(message))
		if err == nil {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("publish %s on %s: %v", message, channel, err)
		}
	}
}
