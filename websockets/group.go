package websockets

import (
	"context"
	"sync"

	"invisibleart.example/gallery/pubsub"
)

// member is one socket's ear at a channel. receive is called by whoever
// publishes and must not wait for anybody.
type member interface{ receive(e event) }

// group is everybody on this node who listens to one channel. It is the
// broker's Subscriber for all of them: an envelope is opened and framed once,
// and the members share the frame.
type group struct {
	hub   *hub
	topic topic

	ready        chan struct{} // closed when the two fields below are settled
	subscription pubsub.Subscription
	err          error // why there is no subscription

	mu      sync.Mutex
	members []*membership
	// snapshot is members as a list to be walked without the lock, nil when
	// somebody has come or gone since it was made. Making it at the first
	// message after that, and not at each coming and going, keeps ten thousand
	// joins from copying ten thousand lists.
	snapshot []member

	due bool // a look is to come; guarded by resync.mu
}

// membership is one member's place in a group.
type membership struct {
	group  *group
	member member
	index  int // in group.members, guarded by group.mu
}

// add makes m a member. The caller holds the hub's lock.
func (g *group) add(m member) *membership {
	g.mu.Lock()
	defer g.mu.Unlock()
	place := &membership{group: g, member: m, index: len(g.members)}
	g.members = append(g.members, place)
	g.snapshot = nil
	return place
}

// remove takes a member out and returns how many are left. The caller holds
// the hub's lock.
func (g *group) remove(place *membership) (left int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	end := len(g.members) - 1
	moved := g.members[end]
	g.members[place.index], moved.index = moved, place.index
	g.members[end] = nil // else the array would keep the socket's memory
	g.members = g.members[:end]
	g.snapshot = nil
	return end
}

// current is the members at this moment. The list is not to be changed.
func (g *group) current() []member {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.snapshot == nil {
		g.snapshot = make([]member, len(g.members))
		for i, place := range g.members {
			g.snapshot[i] = place.member
		}
	}
	return g.snapshot
}

// Receive implements [pubsub.Subscriber]: the fan-out to this node's sockets.
func (g *group) Receive(message []byte) {
	e, known, err := openEnvelope(message)
	if err != nil {
		g.hub.server.log.Error("a message of the broker cannot be read", "channel", g.topic.channel, "error", err)
		return
	}
	if known {
		g.deliver(e)
	}
}

// Resubscribed implements [pubsub.Subscriber]: what was missed is read from the
// store, once for all members.
func (g *group) Resubscribed() { g.hub.resync.add(g) }

// look reads from the store what the messages that may have been missed would
// have told, and tells it. The error is for whoever looks again after an outage;
// of everything else the members have heard.
func (g *group) look(ctx context.Context) error {
	if len(g.current()) == 0 {
		return nil // left while the group waited for its turn
	}
	var events []event
	err := g.hub.server.attempt(ctx, func(ctx context.Context) (err error) {
		events, err = g.topic.look(ctx)
		return err
	})
	if isAway(err) || ctx.Err() != nil {
		return err
	}
	if err != nil {
		g.hub.server.log.Error("missed messages cannot be made good", "channel", g.topic.channel, "error", err)
		events = []event{{kind: eventTrouble}}
	}
	for _, e := range events {
		g.deliver(e)
	}
	return nil
}
