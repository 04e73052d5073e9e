package pubsub

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Memory is the broker of a single node: Publish calls the subscribers itself,
// one after the other, and returns when all have been called. That is the
// fan-out path, so nothing stands between the publisher and the sockets: no
// queue, no second goroutine, and no lock that a join or a leave waits for.
// It never misses a message, so it never calls Resubscribed.
type Memory struct {
	mu       sync.RWMutex
	channels map[string]*channel // only those with a subscription
}

// NewMemory makes a broker without subscriptions.
func NewMemory() *Memory {
	return &Memory{channels: make(map[string]*channel)}
}

// channel is one name's subscriptions.
type channel struct {
	// turn is held by the one publisher that is delivering. It keeps the order
	// the same for all subscriptions and makes a flood of publishers wait
	// instead of piling up in memory; it is a channel so that waiting can end
	// with the context.
	turn chan struct{}
	// members is replaced, never changed, under Memory.mu: delivery walks the
	// snapshot it began with.
	members atomic.Pointer[[]*subscription]
}

type subscription struct {
	memory     *Memory
	name       string
	subscriber Subscriber
	ended      atomic.Bool
}

// Publish implements [Broker]. It returns an error only when the context ends
// while other publishers to the same channel are still delivering.
func (m *Memory) Publish(ctx context.Context, name string, message []byte) error {
	m.mu.RLock()
	ch := m.channels[name]
	m.mu.RUnlock()
	if ch == nil {
		return nil
	}
	select {
	case ch.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("publish on %s: %w", name, context.Cause(ctx))
	}
	defer func() { <-ch.turn }()
	// Loaded only now: somebody may have subscribed while we waited, and was
	// told that everything from then on arrives.
	for _, s := range *ch.members.Load() {
		if !s.ended.Load() {
			s.subscriber.Receive(message)
		}
	}
	return nil
}

// Subscribe implements [Broker]. It returns an error only when the context has
// ended already.
func (m *Memory) Subscribe(ctx context.Context, name string, subscriber Subscriber) (Subscription, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", name, context.Cause(ctx))
	}
	s := &subscription{memory: m, name: name, subscriber: subscriber}
	m.mu.Lock()
	defer m.mu.Unlock()
	ch := m.channels[name]
	if ch == nil {
		ch = &channel{turn: make(chan struct{}, 1)}
		ch.members.Store(new([]*subscription))
		m.channels[name] = ch
	}
	members := append(slices.Clone(*ch.members.Load()), s)
	ch.members.Store(&members)
	return s, nil
}

// Unsubscribe implements [Subscription].
func (s *subscription) Unsubscribe() {
	// First, so that a delivery that is under way passes us by.
	if s.ended.Swap(true) {
		return
	}
	m := s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	ch := m.channels[s.name]
	members := slices.DeleteFunc(slices.Clone(*ch.members.Load()), func(other *subscription) bool { return other == s })
	ch.members.Store(&members)
	if len(members) == 0 {
		// Else every artwork ever looked at would be remembered for good.
		delete(m.channels, s.name)
	}
}
