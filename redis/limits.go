package redis

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"invisibleart.example/gallery/ratelimit"
)

//go:embed limits.lua
var limitsScript string

// limitsRest is for how long Redis is not asked again after it failed to
// answer. It bounds what a Redis that is reachable but stuck costs: one request
// a second waits for it, until the client finds that it is away.
const limitsRest = time.Second

// Limits count for all nodes together: it is the [ratelimit.Shared] of a
// gallery. A key lives in Redis until its limit is as good as unused, and each
// is on its own, so that a Cluster spreads them.
type Limits struct {
	client *Client
	take   *rueidis.Lua
	began  time.Time
	rest   atomic.Int64 // until when not to ask, after began; 0: ask
}

// NewLimits makes limits that are counted by c's Redis.
func NewLimits(c *Client) *Limits {
	return &Limits{client: c, take: rueidis.NewLuaScript(limitsScript), began: time.Now()}
}

// Take implements [ratelimit.Shared]. It fails at once while Redis is away, and
// for a second after it failed otherwise.
func (l *Limits) Take(ctx context.Context, limit, key string, rule ratelimit.Rule, n int) (ok bool, retry time.Duration, err error) {
	if !l.awake() {
		return false, 0, fmt.Errorf("count %s: %w", limit, errAway)
	}
	every := max(rule.Every.Microseconds(), 1)
	wait, err := l.client.script(ctx, l.take, []string{l.client.key("limit", limit, key)},
		[]string{strconv.FormatInt(every, 10), strconv.Itoa(rule.Burst), strconv.Itoa(n)}).AsInt64()
	switch {
	case err == nil:
		l.rest.Store(0)
		return wait == 0, time.Duration(wait) * time.Microsecond, nil
	case !errors.Is(ctx.Err(), context.Canceled): // else only the asker has gone away
		l.rest.Store(int64(time.Since(l.began) + limitsRest))
	}
	return false, 0, fmt.Errorf("count %s: %w", limit, err)
}

// awake tells whether to ask Redis. After a failure it lets one in each rest
// try, and all once that one was answered.
func (l *Limits) awake() bool {
	until := l.rest.Load()
	if until == 0 {
		return true
	}
	now := time.Since(l.began)
	return now >= time.Duration(until) && l.rest.CompareAndSwap(until, int64(now+limitsRest))
}
