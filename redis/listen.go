package redis

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/redis/rueidis"
)

// Run listens until ctx ends and then returns nil: it keeps a line, and builds
// another when that breaks or turns out to be deaf. It returns after the last
// subscriber has been called.
func (b *Broker) Run(ctx context.Context) error {
	defer b.handing.Wait()
	pause := retryFirst
	var lost error
	for since := time.Now(); ctx.Err() == nil; {
		begun := time.Now()
		stood, err := b.listen(ctx, lost, since)
		if errors.Is(err, errDeaf) {
			b.client.log.Warn("the subscription is alive but deaf: building it anew", "error", err)
		}
		if stood {
			lost, since = err, time.Now()
			if since.Sub(begun) > heartbeat {
				pause = retryFirst
				continue // at once: most losses are of one connection only
			}
		}
		// Jitter, so that the nodes do not all return in the same instant. Also
		// for a line that broke as soon as it stood, as one does that may not
		// subscribe to what it wants.
		wait(ctx, pause/2+rand.N(pause/2))
		pause = min(2*pause, retryMost)
	}
	return nil
}

// listen lives with one line. It tells whether that ever stood.
func (b *Broker) listen(ctx context.Context, lost error, since time.Time) (stood bool, err error) {
	remote := b.client.remote.Load()
	if remote == nil {
		return false, errAway
	}
	servers, err := survey(ctx, *remote)
	if err != nil {
		return false, err
	}
	// Any server of a Cluster hears everything; chance spreads the nodes. One
	// that just answered, because dialling a dead one costs a second.
	chosen := servers[rand.N(len(servers))]
	dedicated, release := chosen.client.Dedicate()
	defer release()
	defer dedicated.Close()
	l := &line{broker: b, dedicated: dedicated, wake: make(chan struct{}, 1)}
	l.canaries.learn(servers)
	broken := dedicated.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: l.hear, OnSubscription: l.acknowledge})
	if err := l.send(ctx, join, []string{b.canary}); err != nil {
		return false, err
	}
	channels := b.begin(l)
	defer b.end(l)
	if lost != nil {
		b.client.log.Info("the subscription stands again", "after", lost, "away", time.Since(since).Round(time.Millisecond), "channels", channels)
	}
	return true, l.serve(ctx, *remote, broken)
}

// begin makes l the line of the broker: every channel is asked for, and will
// tell its members when it stands.
func (b *Broker) begin(l *line) (channels int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line = l
	for _, ch := range b.channels {
		ch.asked = l
		l.ask(order{ch.name, join})
	}
	return len(b.channels)
}

// end takes l away. What it still has to say is not listened to, so that it
// cannot mix with what the next one says.
func (b *Broker) end(l *line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line, b.leaving = nil, nil
	for _, ch := range b.channels {
		ch.missed = true
		ch.settle()
		if len(ch.members) == 0 {
			delete(b.channels, ch.name)
		}
	}
}
