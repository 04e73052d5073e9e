package ratelimit

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// maxKeys bounds what one Limiter remembers, to some 20 MB at worst. The keys
// that were not used for longest are forgotten first.
const maxKeys = 1 << 16

// bucket is what this node remembers of a key.
type bucket struct {
	key string
	*rate.Limiter
	// refused is until when the other nodes said that nothing passes. Without
	// it, whoever is over the limit by what they did elsewhere would cost a
	// question to them with every try.
	refused time.Time
}

// takeHere counts one event in the node's own bucket.
func (l *Limiter) takeHere(key string) (ok bool, retry time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.bucket(key, now)
	if wait := b.refused.Sub(now); wait > 0 {
		return false, wait
	}
	if b.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - b.TokensAt(now)
	return false, time.Duration(math.Ceil(missing * float64(l.rule.Every)))
}

// refusedThere takes back what takeHere counted and the other nodes refused.
func (l *Limiter) refusedThere(key string, retry time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.bucket(key, now)
	b.AllowN(now, -1)
	if !l.fickle {
		b.refused = now.Add(retry)
	}
}

func (l *Limiter) giveBackHere(key string) {
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
