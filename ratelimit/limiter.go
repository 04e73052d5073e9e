package ratelimit

import (
	"container/list"
	"math"
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

// maxKeys bounds what one Limiter remembers, to some 20 MB at worst. The keys
// that were not used for longest are forgotten first.
const maxKeys = 1 << 16

// Limiter holds one rule against many keys: addresses, users, accounts. It is
// safe for concurrent use; a nil Limiter lets everything pass.
type Limiter struct {
	rule Rule
	now  func() time.Time

	mu    sync.Mutex
	keys  map[string]*list.Element // of *bucket
	order *list.List               // most recently used first
}

type bucket struct {
	key string
	*rate.Limiter
}

// NewLimiter makes a Limiter, or nil where the rule is no limit. now tells the
// time, time.Now when nil.
func NewLimiter(rule Rule, now func() time.Time) *Limiter {
	if rule.Burst == 0 {
		return nil
	}
	if now == nil {
		now = time.Now
	}
	return &Limiter{rule: rule, now: now, keys: map[string]*list.Element{}, order: list.New()}
}

// Allow counts one event of key. When that is one too many it counts nothing,
// and retry says when the next would pass.
func (l *Limiter) Allow(key string) (ok bool, retry time.Duration) {
	if l == nil {
		return true, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.bucket(key, now)
	if b.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - b.TokensAt(now)
	return false, time.Duration(math.Ceil(missing * float64(l.rule.Every)))
}

// Take counts one event of key as Allow does, and refuses one too many with a
// *gallery.Error TooMany that says when the next would pass.
func (l *Limiter) Take(key string) error {
	if ok, retry := l.Allow(key); !ok {
		return Refusal(retry)
	}
	return nil
}

// restore takes back one event that Allow counted.
func (l *Limiter) restore(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.keys[key]; ok {
		// A bucket never holds more than its burst: the next use caps it.
		e.Value.(*bucket).AllowN(l.now(), -1)
	}
}

// bucket finds or makes the bucket of key. The caller holds the lock.
func (l *Limiter) bucket(key string, now time.Time) *bucket {
	if e, ok := l.keys[key]; ok {
		l.order.MoveToFront(e)
		return e.Value.(*bucket)
	}
	l.forget(now)
	b := &bucket{key: key, Limiter: rate.NewLimiter(l.rule.Rate(), l.rule.Burst)}
	l.keys[key] = l.order.PushFront(b)
	return b
}

// forget drops up to two of the least recently used keys whose buckets are
// full again, which is as good as never seen, and the last one in any case when
// there are too many. Two for each new one keep the memory in step with use.
func (l *Limiter) forget(now time.Time) {
	for range 2 {
		e := l.order.Back()
		if e == nil {
			return
		}
		b := e.Value.(*bucket)
		if len(l.keys) < maxKeys && b.TokensAt(now) < float64(l.rule.Burst) {
			return
		}
		l.order.Remove(e)
		delete(l.keys, b.key)
	}
}
