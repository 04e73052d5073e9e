package redis

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"invisibleart.example/gallery/pubsub"
)

// subscribePatience is how long Subscribe waits for an acknowledgement before it
// leaves that to Resubscribed.
const subscribePatience = time.Second

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
