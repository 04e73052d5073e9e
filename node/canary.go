package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"invisibleart.example/gallery/pubsub"
)

// canaryChannels carry nothing but canaries. In a Redis Cluster each lies in
// another sixteenth of the slots, so that no master is passed by, unless it has
// next to none of them.
var canaryChannels = []string{
	"canary:{0}", "canary:{1}", "canary:{2}", "canary:{3}",
	"canary:{10}", "canary:{11}", "canary:{12}", "canary:{13}",
	"canary:{40}", "canary:{41}", "canary:{42}", "canary:{43}",
	"canary:{60}", "canary:{61}", "canary:{62}", "canary:{63}",
}

// canary finds out whether the broker delivers: a subscription can be alive
// and deaf, and then a node that answers every request tells no socket
// anything.
type canary struct {
	broker        pubsub.Broker
	subscriptions []pubsub.Subscription

	mu      sync.Mutex
	waiting map[string]chan struct{} // by song
}

// newCanary subscribes; close ends the subscriptions.
func newCanary(ctx context.Context, b pubsub.Broker) (*canary, error) {
	c := &canary{broker: b, waiting: map[string]chan struct{}{}}
	for _, channel := range canaryChannels {
		s, err := b.Subscribe(ctx, channel, c)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("subscribe the canary: %w", err), c.close())
		}
		c.subscriptions = append(c.subscriptions, s)
	}
	return c, nil
}

// again is how long a message may take before it is sent once more: it may have
// been lost where the subscription was just being made or rebuilt, and what is
// asked is whether the broker delivers now.
const again = 250 * time.Millisecond

// sing sends a message through each channel of the canary, again and again, and
// waits until all are back.
func (c *canary) sing(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, channel := range canaryChannels {
		all.Go(func() error { return c.singOn(ctx, channel) })
	}
	return all.Wait()
}

func (c *canary) singOn(ctx context.Context, channel string) error {
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
		if err := c.broker.Publish(ctx, channel, []byte(song)); err != nil {
			return fmt.Errorf("send the canary: %w", err)
		}
		select {
		case <-back:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("the canary did not come back on %s: %w", channel, ctx.Err())
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
	for _, s := range c.subscriptions {
		s.Unsubscribe()
	}
	return nil
}
