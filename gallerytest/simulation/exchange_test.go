package simulation_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"invisibleart.example/gallery/pubsub"
)

// exchange is the Redis of the simulation: what a link publishes reaches every
// link that is up, each subscription by itself and when it pleases, a channel's
// messages in one order.
type exchange struct {
	sim *sim

	mu    sync.Mutex
	links map[*link]bool
}

// link is one node's way to the exchange: its pubsub.Broker.
type link struct {
	exchange *exchange

	// Guarded by exchange.mu.
	cut  bool // nothing comes through, and the node knows
	deaf bool // nothing comes in, and the node does not know
	dead bool // its node has crashed or ended
	ears map[*ear]bool
	cuts int // how often it was cut, to tell what was lost on the way
}

// ear is one subscription.
type ear struct {
	link       *link
	channel    string
	subscriber pubsub.Subscriber

	// Guarded by exchange.mu.
	queue   []delivery
	running bool
	ended   bool
}

// delivery is a message, or without one the word that some were missed.
type delivery struct{ message []byte }

var (
	errCut  = errors.New("the exchange is out of reach")
	errLost = errors.New("the answer of the exchange was lost")
)

func newExchange(s *sim) *exchange { return &exchange{sim: s, links: map[*link]bool{}} }

func (x *exchange) connect() *link {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := &link{exchange: x, ears: map[*ear]bool{}}
	x.links[l] = true
	return l
}

// Publish implements pubsub.Broker. It fails before or after the message is on
// its way, and the caller cannot tell which.
func (l *link) Publish(ctx context.Context, channel string, message []byte) error {
	x := l.exchange
	x.mu.Lock()
	away, cuts := l.cut || l.dead, l.cuts
	x.mu.Unlock()
	if away {
		return errCut
	}
	if err := x.sim.lag(ctx, 2*time.Millisecond, 100*time.Millisecond); err != nil {
		return err
	}
	x.mu.Lock()
	if l.cut || l.dead {
		x.mu.Unlock()
		return errCut
	}
	times := 1
	if x.sim.oneIn(40) {
		times = 2 // as after an error that was none
	}
	for other := range x.links {
		if other.cut || other.deaf || other.dead {
			continue
		}
		for e := range other.ears {
			for range times {
				if e.channel == channel {
					e.add(delivery{message})
				}
			}
		}
	}
	x.mu.Unlock()
	if err := x.sim.lag(ctx, time.Millisecond, 50*time.Millisecond); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if l.cut || l.dead || l.cuts != cuts || x.sim.oneIn(40) {
		return errLost
	}
	return nil
}

// Subscribe implements pubsub.Broker: without waiting for anything while the
// exchange is out of reach, and then with Resubscribed when it is back.
func (l *link) Subscribe(ctx context.Context, channel string, s pubsub.Subscriber) (pubsub.Subscription, error) {
	x := l.exchange
	x.mu.Lock()
	away := l.cut || l.dead
	x.mu.Unlock()
	if !away {
		if err := x.sim.lag(ctx, time.Millisecond, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
	e := &ear{link: l, channel: channel, subscriber: s}
	x.mu.Lock()
	defer x.mu.Unlock()
	l.ears[e] = true
	return e, nil
}

// Unsubscribe implements pubsub.Subscription.
func (e *ear) Unsubscribe() {
	x := e.link.exchange
	x.mu.Lock()
	defer x.mu.Unlock()
	e.ended, e.queue = true, nil
	delete(e.link.ears, e)
}

// add queues a delivery. The caller holds the lock.
func (e *ear) add(d delivery) {
	e.queue = append(e.queue, d)
	if !e.running {
		e.running = true
		go e.deliver()
	}
}

// deliver empties the queue, each message when it pleases.
func (e *ear) deliver() {
	x := e.link.exchange
	for {
		x.sim.lag(context.Background(), 3*time.Millisecond, 300*time.Millisecond)
		x.mu.Lock()
		if e.ended || len(e.queue) == 0 {
			e.running = false
			x.mu.Unlock()
			return
		}
		d := e.queue[0]
		e.queue = e.queue[1:]
		x.mu.Unlock()
		if d.message == nil {
			e.subscriber.Resubscribed()
		} else {
			e.subscriber.Receive(d.message)
		}
	}
}

// set changes what comes through; what was on its way in is lost with it, and
// what is up again is told so.
func (l *link) set(change func(l *link)) {
	x := l.exchange
	x.mu.Lock()
	defer x.mu.Unlock()
	was := l.cut || l.deaf
	change(l)
	switch is := l.cut || l.deaf || l.dead; {
	case is:
		l.cuts++
		for e := range l.ears {
			e.queue = nil
		}
	case was:
		for e := range l.ears {
			e.add(delivery{})
		}
	}
}

// die is the end of the node: nobody hears of it any more, nor it of anybody.
func (l *link) die() {
	l.set(func(l *link) { l.dead = true })
	l.exchange.mu.Lock()
	defer l.exchange.mu.Unlock()
	delete(l.exchange.links, l)
}

// left is how many subscriptions nobody has ended.
func (l *link) left() int {
	l.exchange.mu.Lock()
	defer l.exchange.mu.Unlock()
	return len(l.ears)
}
