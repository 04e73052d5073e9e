package ratelimit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Failures limits how often a key may fail at something, such as a password,
// where only trying tells whether it fails. Every attempt counts as a failure
// while it is under way, else any number could run side by side before the
// first is counted; one that then succeeds is taken back. An attempt that finds
// no room waits, in the order of coming, while others of its key are under way:
// those may yet succeed. So any number of successes pass side by side, and
// exactly as many failures as the rule says.
//
// It remembers the keys that its Limiter does, and those with attempts under
// way. Safe for concurrent use; a nil Failures lets everything pass.
type Failures struct {
	limit *Limiter

	mu       sync.Mutex
	attempts map[string]*attempts
}

// attempts are those of one key that are not over.
type attempts struct {
	open    int             // how many are under way, each counted as a failure
	waiting []chan decision // those behind them; only while some are under way
}

// decision is what becomes of one who waits: in, or refused.
type decision struct {
	ok    bool
	retry time.Duration
}

// NewFailures makes a Failures, or nil where the rule is no limit. now tells
// the time, time.Now when nil.
func NewFailures(rule Rule, now func() time.Time) *Failures {
	if rule.Burst == 0 {
		return nil
	}
	return &Failures{limit: NewLimiter(rule, now), attempts: map[string]*attempts{}}
}

// Begin starts an attempt of key. Whoever is granted one owes one call of end,
// with whether it failed. It refuses with Refusal once failures alone have
// used up the limit, and with ctx's error when that ends while it waits.
//
// Who begins attempts of several Failures does so in the same order everywhere,
// as with locks.
func (f *Failures) Begin(ctx context.Context, key string) (end func(failed bool), err error) {
	if f == nil {
		return func(bool) {}, nil
	}
	decided := f.enter(key)
	select {
	case d := <-decided:
		if !d.ok {
			return nil, Refusal(d.retry)
		}
		return func(failed bool) { f.end(key, failed) }, nil
	case <-ctx.Done():
		f.leave(key, decided)
		return nil, fmt.Errorf("wait for other attempts: %w", ctx.Err())
	}
}

func (f *Failures) enter(key string) (decided chan decision) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.attempts[key] == nil {
		f.attempts[key] = &attempts{}
	}
	decided = make(chan decision, 1)
	f.attempts[key].waiting = append(f.attempts[key].waiting, decided)
	f.decide(key)
	return decided
}

func (f *Failures) end(key string, failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !failed {
		f.limit.restore(key)
	}
	f.attempts[key].open--
	f.decide(key)
}

// leave takes back one who does not wait any longer. It may have been let in
// meanwhile: then the room it would leave unused is the next one's.
func (f *Failures) leave(key string, decided chan decision) {
	f.mu.Lock()
	if a := f.attempts[key]; a != nil {
		a.waiting = slices.DeleteFunc(a.waiting, func(other chan decision) bool { return other == decided })
	}
	f.mu.Unlock()
	select {
	case d := <-decided:
		if d.ok {
			f.end(key, false)
		}
	default:
	}
}

// decide lets in as many of those who wait as there is room for. When there is
// none and nobody is under way who could make some, it refuses the rest. The
// caller holds the lock.
func (f *Failures) decide(key string) {
	a := f.attempts[key]
	for len(a.waiting) > 0 {
		ok, retry := f.limit.Allow(key)
		if ok {
			a.open++
		} else if a.open > 0 {
			return
		}
		a.waiting[0] <- decision{ok, retry} // has room for one, and gets one
		a.waiting = a.waiting[1:]
	}
	if a.open == 0 {
		delete(f.attempts, key)
	}
}
