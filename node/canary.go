package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"invisibleart.example/gallery/pubsub"
)

// canaryChannel carries nothing but canaries.
const canaryChannel = "canary"

// canary finds out whether the broker delivers: a subscription can be alive
// and deaf, and then a node that answers every request tells no socket
// anything.
type canary struct {
	broker       pubsub.Broker
	subscription pubsub.Subscription

	mu      sync.Mutex
	waiting map[string]chan struct{}
}

// newCanary subscribes; close ends the subscription.
func newCanary(ctx context.Context, b pubsub.Broker) (*canary, error) {
	c := &canary{broker: b, waiting: map[string]chan struct{}{}}
	var err error
	if c.subscription, err = b.Subscribe(ctx, canaryChannel, c); err != nil {
		return nil, fmt.Errorf("subscribe the canary: %w", err)
	}
	return c, nil
}

// again is how long a message may take before it is sent once more: it may have
// been lost where the subscription was just being made or rebuilt, and what is
// asked is whether the broker delivers now.
const again = 250 * time.Millisecond

// sing sends a message through the broker, again and again, and waits until it
// is back.
func (c *canary) sing(ctx context.Context) error {
	song, back := rand.Text(), make(chan struct{})
	c.mu.Lock()
	c.waiting[song] = back
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, song)
		c.mu.Unlock()
	}()
	ticker := time.NewTicker(again)
	defer ticker.Stop()
	for {
		if err := c.broker.Publish(ctx, canaryChannel, []byte(song)); err != nil {
			return fmt.Errorf("send the canary: %w", err)
		}
		select {
		case <-back:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("the canary did not come back: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

// Receive implements pubsub.Subscriber. Songs of other nodes are not waited
// for, and mean nothing.
func (c *canary) Receive(message []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if back, ours := c.waiting[string(message)]; ours {
		delete(c.waiting, string(message))
		close(back)
	}
}

// Resubscribed implements pubsub.Subscriber. What was lost is sung again anyway.
func (c *canary) Resubscribed() {}

func (c *canary) close() error {
	c.subscription.Unsubscribe()
	return nil
}
