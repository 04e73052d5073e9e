package redis

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"invisibleart.example/gallery/pubsub"
)

const (
	// linger is how long a channel stays subscribed after its last subscriber
	// left: somebody who reloads a page must not cost two round trips, and a
	// channel that flickers must not be re-read at each turn.
	linger = 5 * time.Second
	// subscribePatience is how long Subscribe waits for an acknowledgement
	// before it leaves that to Resubscribed.
	subscribePatience = time.Second
)

// Broker is the channel layer of several nodes: Redis' ordinary pub/sub. It
// implements [pubsub.Broker] and is safe for concurrent use.
//
// All channels of a node are subscribed on one connection of their own (see
// line), so that no flood of messages stands before the answer to a command.
// In a Cluster that connection leads to any server; the Cluster itself carries
// every message to all of them. Publishing goes to the one server that owns the
// channel's slot, so that a channel has one order for everybody.
//
// What Redis may lose, and how whoever listens gets to know:
//
//   - The connection breaks, or falls silent: it is built anew, and everybody
//     is told Resubscribed once it stands.
//   - It is alive but deaf, as after a fail-over that left it behind: the canary
//     finds that (see canary.go), and the same happens.
//   - A master of a Cluster dies with messages that it had taken but not yet
//     passed on: the canary meets its successor, and everybody is told.
//
// Not found is a message that the Cluster's own bus loses between two canaries
// while both ends stay up; nor what a node publishes on a master that has lost
// the majority of its Cluster or its Sentinels, and the node with it, before
// either notices: Redis takes such a message like any other.
type Broker struct {
	client *Client
	canary string // the channel of this broker's canary

	mu       sync.Mutex
	line     *line               // nil while there is none
	channels map[string]*channel // by their names in Redis
	leaving  []departure         // channels without members, longest ago first
	handing  sync.WaitGroup      // the goroutines of all channels' queues
}

// channel is one name that somebody listens to, or did a moment ago. All its
// fields are guarded by Broker.mu.
type channel struct {
	name     string
	members  []*subscription // replaced, never changed: letters keep the slice
	asked    *line           // the line that SUBSCRIBE was put on, nil before
	standing *line           // the line on which it was acknowledged
	missed   bool            // members must be told Resubscribed once it stands
	settled  chan struct{}   // closed when there is nothing left to wait for; nil when nobody does
	left     time.Time       // when the last member went
	queue    queue
}

// departure is a channel that had no members left at that time.
type departure struct {
	channel *channel
	at      time.Time
}

type subscription struct {
	broker     *Broker
	channel    *channel
	subscriber pubsub.Subscriber
	ended      atomic.Bool
}

// NewBroker makes a broker that publishes and listens through c. Nothing is
// heard before [Broker.Run].
func NewBroker(c *Client) *Broker {
	return &Broker{client: c, canary: c.key("canary", newName()), channels: make(map[string]*channel)}
}

// Publish implements [pubsub.Broker]. It fails at once while Redis is away and
// within a second otherwise; what failed may have arrived even so.
func (b *Broker) Publish(ctx context.Context, name string, message []byte) error {
	full := b.client.key(name)
	err := b.client.do(ctx, func(c rueidis.Builder) rueidis.Completed {
		// PUBLISH has no key as far as Redis is concerned and may go to any
		// server of a Cluster. Named as one it always goes to the same, without
		// which two messages could overtake each other on the way.
		return c.Arbitrary("PUBLISH").Keys(full).Args(rueidis.BinaryString(message)).Build()
	}).Error()
	if err != nil {
		return fmt.Errorf("publish on %s: %w", name, err)
	}
	return nil
}

// Subscribe implements [pubsub.Broker].
func (b *Broker) Subscribe(ctx context.Context, name string, subscriber pubsub.Subscriber) (pubsub.Subscription, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", name, context.Cause(ctx))
	}
	s, settled := b.join(b.client.key(name), subscriber)
	if settled == nil {
		return s, nil
	}
	timeout := time.NewTimer(subscribePatience)
	defer timeout.Stop()
	select {
	case <-settled:
	case <-timeout.C:
		b.mu.Lock()
		if s.channel.standing == nil || s.channel.standing != b.line {
			s.channel.missed = true
		}
		b.mu.Unlock()
	case <-ctx.Done():
		s.Unsubscribe()
		return nil, fmt.Errorf("subscribe to %s: %w", name, context.Cause(ctx))
	}
	return s, nil
}

// join makes the subscription and returns what to wait for, nil for nothing.
func (b *Broker) join(name string, subscriber pubsub.Subscriber) (*subscription, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ch := b.channels[name]
	if ch == nil {
		ch = &channel{name: name}
		b.channels[name] = ch
	}
	s := &subscription{broker: b, channel: ch, subscriber: subscriber}
	ch.members = append(slices.Clone(ch.members), s)
	switch {
	case b.line == nil:
		// Nobody knows for how long. The next line begins with everything that
		// is in channels and tells everybody.
		ch.missed = true
		return s, nil
	case ch.standing == b.line:
		return s, nil
	case ch.asked != b.line:
		ch.asked = b.line
		b.line.ask(order{ch.name, join})
	}
	if ch.settled == nil {
		ch.settled = make(chan struct{})
	}
	return s, ch.settled
}

// Unsubscribe implements [pubsub.Subscription].
func (s *subscription) Unsubscribe() {
	// First, so that a delivery that is under way passes us by.
	if s.ended.Swap(true) {
		return
	}
	b, ch := s.broker, s.channel
	b.mu.Lock()
	defer b.mu.Unlock()
	ch.members = slices.DeleteFunc(slices.Clone(ch.members), func(other *subscription) bool { return other == s })
	if len(ch.members) == 0 {
		b.empty(ch)
	}
}

// empty is called under mu when a channel has no members: it may go.
func (b *Broker) empty(ch *channel) {
	switch {
	case b.line == nil:
		delete(b.channels, ch.name)
	case ch.standing == b.line:
		ch.left = time.Now()
		b.leaving = append(b.leaving, departure{ch, ch.left})
	}
	// Else its SUBSCRIBE is on the way: the acknowledgement comes back here, and
	// so never meets a channel of the same name that was made meanwhile.
}

// sweep gives up the channels that nobody came back to.
func (b *Broker) sweep(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.leaving) > 0 && now.Sub(b.leaving[0].at) >= linger {
		d := b.leaving[0]
		b.leaving = b.leaving[1:]
		ch := d.channel
		if len(ch.members) == 0 && ch.left.Equal(d.at) && ch.standing == b.line && b.line != nil {
			delete(b.channels, ch.name)
			b.line.ask(order{ch.name, leave})
		}
	}
}

// settle is called under mu when nobody needs to wait for a channel any longer:
// it stands, or the line is gone and its members will be told.
func (ch *channel) settle() {
	if ch.settled != nil {
		close(ch.settled)
		ch.settled = nil
	}
}
