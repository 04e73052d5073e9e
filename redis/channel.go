package redis

import (
	"slices"
	"sync/atomic"
	"time"

	"invisibleart.example/gallery/pubsub"
)

// linger is how long a channel stays subscribed after its last subscriber left:
// somebody who reloads a page must not cost two round trips, and a channel that
// flickers must not be re-read at each turn.
const linger = 5 * time.Second

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
