// Package pubsub is the channel layer: it carries what happened to whoever is
// listening right now, on this node and on the others. It stands where Django
// Channels' channel layer stood (specification, "Dependencies").
//
// A [Broker] is a doorbell, not a post office: a message is delivered at most
// once, to the subscriptions of that moment, and is gone. What it says can
// always be read back from the store, so whoever may have missed one is told so
// ([Subscriber.Resubscribed]) and reads there. [Memory] serves a single node,
// redis.Broker several; package brokertest holds what every broker must do.
package pubsub

import "context"

// Broker carries messages between whoever publishes and whoever listens.
// Channels are plain names that need no creating; per channel the order is the
// same for all subscriptions, between channels there is none. All methods are
// safe for concurrent use.
type Broker interface {
	// Publish hands message to every current subscription of channel, on all
	// nodes. The message must not be changed afterwards: subscribers share it.
	// An error means that some subscription may not have got it; it comes
	// within seconds, and at once from a broker that knows to be out of reach.
	// Publishing again is always allowed; to no subscription at all is no error.
	Publish(ctx context.Context, channel string, message []byte) error

	// Subscribe returns after the subscription is acknowledged: whatever is
	// published after that reaches s. What is published meanwhile may, and so
	// may, where several servers carry it, what was just before. Or, where the
	// broker is out of reach, Subscribe returns without (at once, or after a
	// second of silence), and s is told Resubscribed when the subscription
	// stands: a broker that is away must not keep anybody out. The context
	// bounds the subscribing only, not the subscription; an error says that it
	// ended.
	Subscribe(ctx context.Context, channel string, s Subscriber) (Subscription, error)
}

// Subscriber is what listens to one channel. A broker calls its methods in
// order and never concurrently for one subscription. They must return soon —
// non-blocking writes are fine, waiting for anybody is not — and must not
// publish to, or subscribe, the channel they are called for.
type Subscriber interface {
	// Receive takes one message. It may keep it but must not change it.
	Receive(message []byte)

	// Resubscribed says that messages may have been missed and that none will
	// be from now on: what they would have told must be read from the store.
	Resubscribed()
}

// Subscription is one Subscriber's place on one channel.
type Subscription interface {
	// Unsubscribe gives the place up; no call of the Subscriber begins after it
	// returned, though one that is under way on another goroutine may still be
	// running. It may be called from within Receive, and more than once.
	Unsubscribe()
}
