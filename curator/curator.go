package curator

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/presence"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
	"invisibleart.example/gallery/websockets"
)

// Config is what a Curator is made of. The first four are required.
type Config struct {
	DB        *store.DB
	Vault     *vault.Vault
	Tokens    *auth.Tokens
	Passwords *auth.Passwords

	// Events tells the sockets. Only Run needs it: a process that never runs,
	// such as an operator's command, may leave it nil.
	Events *websockets.EventHandler

	// Limits holds the limits on logins and wrong passwords; nil means those of
	// ratelimit.Defaults, never none.
	Limits *ratelimit.Limits

	// Node tells this process from the others over the same store, of which no
	// two may have one name at a time. What happens here is told by this one,
	// unless it dies: then by another after 5 seconds, or at once by the next of
	// its name. "" is for those who do not run, such as an operator's command:
	// the next sweep of any node tells it.
	Node string

	// Presence knows who is before the works; nil counts this process alone.
	Presence presence.Tracker

	Log            *slog.Logger     // nil: nothing is logged
	Now            func() time.Time // nil: time.Now
	InboxRetention time.Duration    // how long notifications are kept; 0: 365 days
	MaxUpload      int64            // bytes of one work; 0: 64 MiB
}

// Curator runs the gallery: every use case is one of its methods. It is safe
// for concurrent use.
type Curator struct {
	config Config
	phase  atomic.Int32

	views  *batcher
	relay  *relay
	clock  *clock
	crowds *crowds
	open   *uploads
}

// The phases of a Curator's life, in order.
const (
	idle int32 = iota
	running
	ended
)

// New makes a Curator that does not run yet. It refuses a Config without one of
// the required parts.
func New(config Config) (*Curator, error) {
	switch {
	case config.DB == nil:
		return nil, errors.New("a curator needs a store")
	case config.Vault == nil:
		return nil, errors.New("a curator needs a vault")
	case config.Tokens == nil || config.Passwords == nil:
		return nil, errors.New("a curator needs tokens and passwords")
	case config.InboxRetention < 0 || config.MaxUpload < 0:
		return nil, errors.New("a curator cannot keep or take less than nothing")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Limits == nil {
		config.Limits = ratelimit.New(ratelimit.Defaults(), config.Now, nil)
	}
	if config.Presence == nil {
		config.Presence = presence.NewMemory()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.InboxRetention == 0 {
		config.InboxRetention = 365 * 24 * time.Hour
	}
	if config.MaxUpload == 0 {
		config.MaxUpload = 64 << 20
	}
	c := &Curator{config: config, views: newBatcher(), clock: newClock(), crowds: newCrowds(), open: newUploads()}
	c.relay = newRelay(c)
	config.Presence.OnRise(c.crowds.rise)
	return c, nil
}

// Run does what has to happen when nobody asks: it commits views together,
// tells the sockets what happened, reveals works at their instant and tidies
// up. It blocks until ctx ends and all of that has come to rest, returns an error
// only when it cannot begin, and may be called once. What it could not tell any
// more stays in the outbox for the next start.
func (c *Curator) Run(ctx context.Context) error {
	if c.config.Events == nil {
		return errors.New("a curator that runs needs an event handler")
	}
	if !c.phase.CompareAndSwap(idle, running) {
		return errors.New("a curator runs only once")
	}
	defer c.phase.Store(ended)
	// The relay ends last: what the others still commit is worth telling.
	relaying, stopRelay := context.WithCancel(context.WithoutCancel(ctx))
	var relay, others sync.WaitGroup
	relay.Go(func() { c.relay.run(relaying) })
	others.Go(func() { c.runViews(ctx) })
	others.Go(func() { c.runClock(ctx) })
	others.Go(func() { c.runCrowds(ctx) })
	others.Go(func() { c.runJanitor(ctx) })
	others.Wait()
	stopRelay()
	relay.Wait()
	return nil
}

// Ready tells whether the curator delivers: Run is running, the store answers,
// and the relay has not been failing. Otherwise it returns Unavailable. The way
// through the broker and back to a socket is for the caller to try.
func (c *Curator) Ready(ctx context.Context) error {
	if c.phase.Load() != running {
		return unavailable(errors.New("the curator is not running"))
	}
	if err := c.config.DB.Ping(ctx); err != nil {
		return unavailable(err)
	}
	if err := c.relay.trouble(); err != nil {
		return unavailable(err)
	}
	return nil
}

func unavailable(cause error) error {
	return &gallery.Error{
		Code: gallery.Unavailable, Message: "The gallery is not ready; try again in a moment.",
		RetryAfter: time.Second, Err: cause,
	}
}

// instant is the present, as all nodes over this store count it and with the
// precision that it keeps.
func (c *Curator) instant() time.Time { return c.config.DB.Clock().UTC().Truncate(time.Microsecond) }

// outage is that of a worker who keeps doing something.
func (c *Curator) outage(doing string) *outage {
	return &outage{log: c.config.Log, doing: doing, now: c.instant}
}
