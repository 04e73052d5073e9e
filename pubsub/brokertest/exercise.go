// Package brokertest holds what every [pubsub.Broker] must do. Each broker's
// own tests run it against a fresh one.
package brokertest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/pubsub"
)

// patience is how long a message may take. It is long because a broker may be
// another process on a busy machine; a broker that works never needs it.
const patience = 20 * time.Second

// Exercise runs the conformance suite. open makes a broker for one test and
// cleans up after it; brokers opened in one test need not know each other.
func Exercise(t *testing.T, open func(t *testing.T) pubsub.Broker) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, b pubsub.Broker)
	}{
		{"what is published after Subscribe arrives", subscribeBeforeDeliver},
		{"every subscription of a channel gets every message", everySubscription},
		{"other channels hear nothing", otherChannels},
		{"a channel keeps its order", order},
		{"concurrent publishers: one order for all, nothing lost, never two at once", concurrentPublishers},
		{"nothing arrives after Unsubscribe", unsubscribed},
		{"Unsubscribe from within Receive", unsubscribeWithin},
		{"Unsubscribe twice", unsubscribeTwice},
		{"a channel lives again after its last Unsubscribe", reborn},
		{"joining and leaving under a stream of messages", churn},
		{"a slow subscriber holds up its own channel only", slowSubscriber},
		{"ten thousand channels", manyChannels},
		{"any bytes, and none", anyBytes},
		{"a context that has ended", endedContext},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// listener remembers what it heard, and notices when it is called twice at once.
type listener struct {
	onReceive func() // called for each message, may be nil

	mu           sync.Mutex
	busy         bool
	twice        bool
	heard        []string
	resubscribed int           // calls of Resubscribed
	more         chan struct{} // holds a token when it was called since
}

func newListener() *listener { return &listener{more: make(chan struct{}, 1)} }

func (l *listener) Receive(message []byte) {
	l.called(l.onReceive, func() { l.heard = append(l.heard, string(message)) })
}

func (l *listener) Resubscribed() {
	l.called(nil, func() { l.resubscribed++ })
}

// called does what a call is to do, and then notes it.
func (l *listener) called(do, note func()) {
	l.mu.Lock()
	l.twice = l.twice || l.busy
	l.busy = true
	l.mu.Unlock()
	if do != nil {
		do()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
	note()
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func (l *listener) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

// await waits until n messages were heard and returns what was.
func (l *listener) await(t *testing.T, n int) []string {
	t.Helper()
	heard, err := l.reach(n)
	if err != nil {
		t.Fatal(err)
	}
	return heard
}

// reach is await for goroutines that must not end the test.
func (l *listener) reach(n int) ([]string, error) {
	deadline := time.After(patience)
	for {
		heard := l.all()
		if len(heard) >= n {
			return heard, nil
		}
		select {
		case <-l.more:
		case <-deadline:
			return nil, fmt.Errorf("got %d messages %.10q within %v, want %d", len(heard), heard, patience, n)
		}
	}
}

func subscribe(t *testing.T, b pubsub.Broker, channel string, l pubsub.Subscriber) pubsub.Subscription {
	t.Helper()
	s, err := b.Subscribe(t.Context(), channel, l)
	if err != nil {
		t.Fatalf("subscribe to %s: %v", channel, err)
	}
	t.Cleanup(s.Unsubscribe)
	return s
}

func publish(t *testing.T, b pubsub.Broker, channel, message string) {
	t.Helper()
	if err := b.Publish(context.Background(), channel, []byte(message)); err != nil {
		t.Errorf("publish %.20q on %s: %v", message, channel, err)
	}
}

// flush publishes a last message and waits for it, so that whatever was going
// to arrive on the channel has.
func flush(t *testing.T, b pubsub.Broker, channel string) {
	t.Helper()
	l := newListener()
	s := subscribe(t, b, channel, l)
	defer s.Unsubscribe()
	publish(t, b, channel, "flush")
	for heard := l.await(t, 1); heard[len(heard)-1] != "flush"; {
		heard = l.await(t, len(heard)+1)
	}
}

func numbered(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("message %d", i)
	}
	return list
}
