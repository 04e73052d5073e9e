package websockets

import (
	"context"
	"fmt"
	"sync"
	"time"

	"invisibleart.example/gallery/pubsub"
)

// subscribeTimeout bounds how long the broker may take to acknowledge.
const subscribeTimeout = 5 * time.Second

// hub keeps the node's groups: for each channel that a socket of this node
// listens to one group, with one subscription at the broker, however many
// sockets share it. The last one out takes the group down.
type hub struct {
	server *Server
	broker pubsub.Broker
	resync resync

	mu     sync.Mutex // before group.mu where both are held
	groups map[string]*group
}

func newHub(s *Server, b pubsub.Broker) *hub {
	return &hub{server: s, broker: b, resync: resync{server: s}, groups: make(map[string]*group)}
}

// topic is a channel and the way to find out in the store what its messages
// would have told.
type topic struct {
	channel string
	look    func(ctx context.Context) ([]event, error)
}

// join makes m a member of the topic's group. When it returns without an error
// the subscription is acknowledged: whatever is published from then on reaches
// m, and some of what was published before may have.
func (h *hub) join(ctx context.Context, t topic, m member) (*membership, error) {
	h.mu.Lock()
	g, first := h.groups[t.channel], false
	if g == nil {
		g, first = &group{hub: h, topic: t, ready: make(chan struct{})}, true
		h.groups[t.channel] = g
	}
	// Under the hub's lock, so that nobody takes the group down between the
	// finding and the joining: its last member leaves under the same lock.
	place := g.add(m)
	h.mu.Unlock()

	if first {
		h.subscribe(ctx, g)
	}
	select {
	case <-g.ready:
	case <-ctx.Done():
		h.leave(place)
		return nil, fmt.Errorf("join %s: %w", t.channel, context.Cause(ctx))
	}
	if g.err != nil {
		h.leave(place)
		return nil, fmt.Errorf("join %s: %w", t.channel, g.err)
	}
	return place, nil
}

// subscribe gets the group its subscription. It goes on when the first member's
// client has gone away: others may be waiting for the same subscription.
func (h *hub) subscribe(ctx context.Context, g *group) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), subscribeTimeout)
	defer cancel()
	// The group cannot be taken down meanwhile: its first member is the caller.
	g.subscription, g.err = h.broker.Subscribe(ctx, g.topic.channel, g)
	if g.err != nil {
		h.mu.Lock()
		// Whoever comes from now on tries anew instead of inheriting the failure.
		delete(h.groups, g.topic.channel)
		h.mu.Unlock()
	}
	close(g.ready)
}

// leave ends a membership; for the last one the subscription ends as well. It
// must be called exactly once.
func (h *hub) leave(place *membership) {
	g := place.group
	h.mu.Lock()
	last := g.remove(place) == 0
	if last && h.groups[g.topic.channel] == g {
		delete(h.groups, g.topic.channel)
	}
	h.mu.Unlock()
	if last && g.subscription != nil {
		g.subscription.Unsubscribe()
	}
}
