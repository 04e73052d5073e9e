package ratelimit

import (
	"context"
	"time"
)

// Shared counts events for all nodes of a gallery together. redis.Limits is
// one. It is safe for concurrent use.
type Shared interface {
	// Take counts n events of key under the limit of that name, by the rule,
	// or counts nothing and says when one would pass. n is 1, or -1 to give
	// back one that was counted, which never makes more room than the rule's
	// burst. An error means that it could not count; it comes at once while
	// the other nodes are out of reach, and by ctx's end in any case.
	Take(ctx context.Context, limit, key string, rule Rule, n int) (ok bool, retry time.Duration, err error)
}

// sharedTimeout bounds how long a request waits for an answer of Shared. One
// that is slower than this costs more than the limit protects.
const sharedTimeout = 50 * time.Millisecond

// ask has all nodes count n events of key. The caller holds no lock.
func (l *Limiter) ask(ctx context.Context, key string, n int) (ok bool, retry time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, sharedTimeout)
	defer cancel()
	return l.shared.Take(ctx, l.name, key, l.rule, n)
}
