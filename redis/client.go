package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

const (
	// patience bounds one command. Redis answers in well under a millisecond;
	// who needs longer is not going to answer in time for anybody.
	patience = time.Second
	// heartbeat is how often a Redis that answers is asked again.
	heartbeat = time.Second
	// retryFirst and retryMost bound the pause between two attempts to reach a
	// Redis that does not answer. Live delivery must be back within two seconds
	// of its return, and an attempt may itself take up to [dialPatience].
	retryFirst, retryMost = 50 * time.Millisecond, 500 * time.Millisecond
	// dialPatience bounds connecting, the greeting included.
	dialPatience = time.Second
	// silence is how long a connection may leave a PING unanswered before it is
	// given up; one is sent for every second without another answer. Without it
	// a half-open connection would hang until TCP gives up, 15 minutes later.
	silence = 2 * time.Second
)

// errAway is what every command gets while Redis does not answer, at once.
var errAway = errors.New("redis is away")

// Options are a client's settings; the zero value of each is usable.
type Options struct {
	Prefix string       // before every key and channel; "" is "gallery:"
	Log    *slog.Logger // losses and returns; nil logs nothing
}

// Client is the way to one Redis, Cluster, or master behind Sentinels. It is
// safe for concurrent use.
type Client struct {
	option rueidis.ClientOption
	place  string // the addresses, for the log: without user and password
	prefix string
	log    *slog.Logger

	up    atomic.Bool
	doubt chan struct{} // holds a token when a command failed since Redis was last asked

	mu     sync.Mutex
	closed bool
	// remote is nil until Redis was reached for the first time: rueidis makes no
	// client of a Cluster or a Sentinel that is away.
	remote atomic.Pointer[rueidis.Client]
}

// Open checks urls and makes a client for it; [Client.Run] connects. That Redis
// is away is not an error here: a node must start without it.
//
//	redis://[[user]:password@]host[:port][/db]   one server (or one of a Cluster)
//	rediss://…                                   the same over TLS
//	redis://host:port,redis://host:port,…        a Cluster
//	sentinel://[[user]:password@]host[:port],…/master[?db=0&sentinel-user=&sentinel-password=&tls=true]
//
// Errors never quote a password.
func Open(urls string, o Options) (*Client, error) {
	option, err := parseURL(urls)
	if err != nil {
		return nil, err
	}
	c := &Client{
		option: option,
		place:  strings.Join(option.InitAddress, ","),
		prefix: o.Prefix,
		log:    o.Log,
		doubt:  make(chan struct{}, 1),
	}
	if c.prefix == "" {
		c.prefix = "gallery:"
	}
	if c.log == nil {
		c.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return c, nil
}

// Run keeps the way to Redis open until ctx ends: it connects, notices when
// Redis stops answering and when it answers again, and logs each once. It
// returns nil; the connections stay, for what others still have to say while
// they end, until [Client.Close].
func (c *Client) Run(ctx context.Context) error {
	pause, first := time.Duration(0), true
	for ctx.Err() == nil {
		err := c.reach(ctx)
		if ctx.Err() != nil {
			break
		}
		switch was := c.up.Swap(err == nil); {
		case err == nil && !was:
			c.log.Info("redis answers", "at", c.place)
		case err != nil && (was || first):
			c.log.Warn("redis is away", "at", c.place, "error", err)
		}
		first = false
		if err == nil {
			pause = heartbeat
		} else {
			pause = min(max(2*pause, retryFirst), retryMost)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		case <-c.doubt:
			// Not at once: a crowd of failing commands must not make us ask
			// Redis as fast as we can.
			wait(ctx, retryFirst)
			pause = 0
		}
	}
	return nil
}

// reach connects if that never succeeded before, and asks whether a master
// answers.
func (c *Client) reach(ctx context.Context) error {
	remote, err := c.connect()
	if err != nil {
		return err
	}
	// In a Cluster any master will do: what lies on the others fails by itself.
	_, err = survey(ctx, remote)
	return err
}

func (c *Client) connect() (rueidis.Client, error) {
	if remote := c.remote.Load(); remote != nil {
		return *remote, nil
	}
	remote, err := rueidis.NewClient(c.option)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		remote.Close()
		return nil, errAway
	}
	c.remote.Store(&remote)
	return remote, nil
}

// Close ends all connections; commands fail from then on. Whoever uses the
// client should have ended before.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up.Store(false)
	if remote := c.remote.Load(); remote != nil && !c.closed {
		(*remote).Close()
	}
	c.closed = true
	return nil
}

// wait pauses, less long when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
