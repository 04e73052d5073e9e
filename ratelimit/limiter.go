package ratelimit

import (
	"container/list"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rule is one limit: Burst at once, then one more every Every. The zero Rule
// is no limit.
type Rule struct {
	Burst int
	Every time.Duration
}

// Rate is the rule's steady rate in events per second, rate.Inf without a limit.
func (r Rule) Rate() rate.Limit {
	if r.Burst == 0 {
		return rate.Inf
	}
	return rate.Every(r.Every)
}

// Limiter holds one rule against many keys: addresses, users, accounts. It is
// safe for concurrent use; a nil Limiter lets everything pass.
//
// Where it shares the limit with other nodes, those decide together; its own
// bucket of the key counts along. What that one refuses the others would refuse
// too, having counted no less, so it is not asked of them. And when they are out
// of reach it decides alone, with all in mind that passed here before.
type Limiter struct {
	name   string // what Shared knows it by
	rule   Rule
	now    func() time.Time
	shared Shared // nil: this node alone
	// fickle: what the other nodes refused may pass before the time they said,
	// because they give back.
	fickle bool

	mu    sync.Mutex               // never held while the other nodes are asked
	keys  map[string]*list.Element // of *bucket
	order *list.List               // most recently used first
}

// NewLimiter makes a Limiter, or nil where the rule is no limit. name tells it
// from other limits where it is shared; shared is nil for a limit of this node
// alone. now tells the time, time.Now when nil.
func NewLimiter(name string, rule Rule, now func() time.Time, shared Shared) *Limiter {
	if rule.Burst == 0 {
		return nil
	}
	if now == nil {
		now = time.Now
	}
	return &Limiter{name: name, rule: rule, now: now, shared: shared, keys: map[string]*list.Element{}, order: list.New()}
}

// Allow counts one event of key. When that is one too many it counts nothing,
// and retry says when the next would pass. It waits for other nodes 50 ms at
// the very most, and not at all while they are known to be out of reach.
func (l *Limiter) Allow(ctx context.Context, key string) (ok bool, retry time.Duration) {
	d := l.count(ctx, key)
	return d.ok, d.retry
}

// Take counts one event of key as Allow does, and refuses one too many with a
// *gallery.Error TooMany that says when the next would pass.
func (l *Limiter) Take(ctx context.Context, key string) error {
	if ok, retry := l.Allow(ctx, key); !ok {
		return Refusal(retry)
	}
	return nil
}

// decision is what becomes of an event: counted, or refused.
type decision struct {
	ok     bool
	retry  time.Duration // of one refused
	shared bool          // counted by all nodes, not by this one alone
}

func (l *Limiter) count(ctx context.Context, key string) decision {
	if l == nil {
		return decision{ok: true}
	}
	if ok, retry := l.takeHere(key); !ok {
		return decision{retry: retry}
	}
	if l.shared == nil {
		return decision{ok: true}
	}
	ok, retry, err := l.ask(ctx, key, 1)
	switch {
	case err != nil:
		return decision{ok: true}
	case !ok:
		l.refusedThere(key, retry)
		return decision{retry: retry}
	}
	return decision{ok: true, shared: true}
}

// restore takes back one event that count counted. An answer of the other nodes
// that came too late may have counted nevertheless: that one stays counted,
// rather than that another is given back which never was.
func (l *Limiter) restore(ctx context.Context, key string, d decision) {
	l.giveBackHere(key)
	if d.shared {
		// An error leaves it counted, which time makes good.
		l.ask(ctx, key, -1)
	}
}
