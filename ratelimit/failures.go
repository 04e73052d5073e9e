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
// Where the limit is shared, an attempt counts on every node, so there are no
// more failures than the rule says on all of them together. But who waits does
// so for the attempts of the own node alone: where those of other nodes take up
// all the room, and none is under way here, an attempt is refused although one
// of those may succeed.
//
// It remembers the keys that its Limiter does, and those with attempts under
// way. Safe for concurrent use; a nil Failures lets everything pass.
type Failures struct {
	limit *Limiter

	mu       sync.Mutex // never held while the other nodes are asked
	attempts map[string]*attempts
}

// attempts are those of one key that are not over.
type attempts struct {
	count int // of them all; Failures.mu guards it

	// turn is held by whoever uses what is below, also while the other nodes
	// are asked: that holds up attempts of this key only.
	turn    chan struct{}
	open    int             // how many are under way, each counted as a failure
	waiting []chan decision // those behind them; only while some are under way
}

// NewFailures makes a Failures, or nil where the rule is no limit. The
// parameters are those of NewLimiter.
func NewFailures(name string, rule Rule, now func() time.Time, shared Shared) *Failures {
	if rule.Burst == 0 {
		return nil
	}
	limit := NewLimiter(name, rule, now, shared)
	limit.fickle = true
	return &Failures{limit: limit, attempts: map[string]*attempts{}}
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
	a := f.enter(key)
	decided := make(chan decision, 1)
	a.turn <- struct{}{}
	a.waiting = append(a.waiting, decided)
	f.decide(key, a)
	<-a.turn
	select {
	case d := <-decided:
		if !d.ok {
			f.exit(key, a)
			return nil, Refusal(d.retry)
		}
		return func(failed bool) { f.end(key, a, d, failed) }, nil
	case <-ctx.Done():
		f.leave(key, a, decided)
		return nil, fmt.Errorf("wait for other attempts: %w", ctx.Err())
	}
}

// enter counts one more attempt of key, exit one less.
func (f *Failures) enter(key string) *attempts {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.attempts[key]
	if a == nil {
		a = &attempts{turn: make(chan struct{}, 1)}
		f.attempts[key] = a
	}
	a.count++
	return a
}

func (f *Failures) exit(key string, a *attempts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a.count--; a.count == 0 {
		delete(f.attempts, key)
	}
}

func (f *Failures) end(key string, a *attempts, d decision, failed bool) {
	a.turn <- struct{}{}
	if !failed {
		f.limit.restore(context.Background(), key, d)
	}
	a.open--
	f.decide(key, a)
	<-a.turn
	f.exit(key, a)
}

// leave takes back one who does not wait any longer. It may have been let in
// meanwhile: then the room it would leave unused is the next one's.
func (f *Failures) leave(key string, a *attempts, decided chan decision) {
	a.turn <- struct{}{}
	a.waiting = slices.DeleteFunc(a.waiting, func(other chan decision) bool { return other == decided })
	<-a.turn
	select {
	case d := <-decided:
		if d.ok {
			f.end(key, a, d, false)
			return
		}
	default:
	}
	f.exit(key, a)
}

// decide lets in as many of those who wait as there is room for. When there is
// none and nobody is under way who could make some, it refuses the rest. The
// caller holds the turn. It asks for whoever waits, so no one's context bounds
// it but the limiter's own patience.
func (f *Failures) decide(key string, a *attempts) {
	for len(a.waiting) > 0 {
		d := f.limit.count(context.Background(), key)
		var decided []chan decision
		switch {
		case d.ok:
			a.open++
			decided, a.waiting = a.waiting[:1], a.waiting[1:]
		case a.open == 0:
			decided, a.waiting = a.waiting, nil
		}
		if decided == nil {
			return
		}
		for _, one := range decided {
			one <- d // has room for one, and gets one
		}
	}
}
