package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"
)

const (
	// batch is how many channels go into one SUBSCRIBE. Redis carries a command
	// out whole before it turns to anybody else: 1,000 take it two milliseconds.
	batch = 1000
	// sweepEvery is how often idle channels and overdue canaries are looked for.
	sweepEvery = 500 * time.Millisecond
)

// order is a channel to join or leave; a line carries them out in their order,
// without which a quick leave and return could end outside.
type order struct {
	channel string
	kind    orderKind
}

type orderKind bool

const (
	join  orderKind = true
	leave orderKind = false
)

// line is one connection that hears all channels of this node, from the moment
// it is made until it breaks. It is a dedicated client of rueidis and not its
// Receive: that would share a connection with the commands, whose answers would
// queue behind every flood of messages, and it hands messages over through a
// channel of 16 that stops the reading of the whole connection when full.
// Beside a flood with 20 µs of work per message a command was measured to take
// 0.3 ms (1 in 100: 5 ms) this way and 0.8 ms (1 in 100: 675 ms) with Receive.
// With hooks the reader calls us directly, acknowledgements included, and a loss
// is told at once. They run on the reader's goroutine and only append to queues.
type line struct {
	broker    *Broker
	dedicated rueidis.DedicatedClient
	orders    []order       // guarded by Broker.mu
	wake      chan struct{} // holds a token when there are orders
	canaries  canaries
}

// ask is called under Broker.mu.
func (l *line) ask(o order) {
	l.orders = append(l.orders, o)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// serve lives until the line breaks, turns out to be deaf, or ctx ends.
func (l *line) serve(ctx context.Context, remote rueidis.Client, broken <-chan error) error {
	ctx, cancel := context.WithCancel(ctx)
	singing := make(chan struct{})
	go func() {
		defer close(singing)
		l.sing(ctx, remote)
	}()
	defer func() { cancel(); <-singing }()
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-broken:
			return fmt.Errorf("the connection broke: %w", err)
		case <-l.wake:
			if err := l.carryOut(ctx); err != nil {
				return err
			}
		case now := <-ticker.C:
			l.broker.sweep(now)
			if err := l.canaries.overdue(now); err != nil {
				return err
			}
		}
	}
}

// carryOut sends the orders that have come, as few commands as their order
// allows. Those that come meanwhile share the next: no timer, and a lone
// subscriber waits for nobody.
func (l *line) carryOut(ctx context.Context) error {
	l.broker.mu.Lock()
	orders := l.orders
	l.orders = nil
	l.broker.mu.Unlock()
	for len(orders) > 0 {
		names, kind := make([]string, 0, min(len(orders), batch)), orders[0].kind
		for len(orders) > 0 && orders[0].kind == kind && len(names) < batch {
			names = append(names, orders[0].channel)
			orders = orders[1:]
		}
		if err := l.send(ctx, kind, names); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) send(ctx context.Context, kind orderKind, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, canaryPatience)
	defer cancel()
	command := l.dedicated.B().Unsubscribe().Channel(names...).Build()
	what := "unsubscribe"
	if kind == join {
		command, what = l.dedicated.B().Subscribe().Channel(names...).Build(), "subscribe"
	}
	if err := l.dedicated.Do(ctx, command).Error(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// acknowledge is called on the reader's goroutine for each channel of a
// SUBSCRIBE or UNSUBSCRIBE.
func (l *line) acknowledge(s rueidis.PubSubSubscription) {
	if s.Kind != "subscribe" {
		return
	}
	b := l.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	ch := b.channels[s.Channel]
	if ch == nil || b.line != l {
		return
	}
	ch.standing = l
	if ch.missed {
		ch.missed = false
		b.post(ch, letter{members: ch.members, resubscribed: true})
	}
	ch.settle()
	if len(ch.members) == 0 {
		b.empty(ch)
	}
}

// hear is called on the reader's goroutine for each message.
func (l *line) hear(m rueidis.PubSubMessage) {
	b := l.broker
	if m.Channel == b.canary {
		l.canaries.heard(m.Message)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	ch := b.channels[m.Channel]
	if ch == nil || b.line != l {
		return
	}
	b.post(ch, letter{members: ch.members, message: []byte(m.Message)})
}

// missed tells everybody that messages may have been lost although the line
// stands.
func (l *line) missed() {
	b := l.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.line != l {
		return
	}
	for _, ch := range b.channels {
		if ch.standing == l {
			b.post(ch, letter{members: ch.members, resubscribed: true})
		} else {
			ch.missed = true
		}
	}
}
