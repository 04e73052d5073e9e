package ratelimit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/ratelimit/limittest"
)

// ledger counts for all nodes within the test, and can be out of reach. Each
// question takes it latency.
type ledger struct {
	now     func() time.Time
	latency time.Duration

	mu    sync.Mutex
	due   map[string]time.Time // when all that passed would have come at the steady rate
	err   error
	asked int
	over  bool // something was given back to a full bucket
}

func newLedger(now func() time.Time) *ledger {
	return &ledger{now: now, due: map[string]time.Time{}}
}

func (l *ledger) Take(ctx context.Context, limit, key string, rule ratelimit.Rule, n int) (bool, time.Duration, error) {
	if l.latency > 0 {
		select {
		case <-time.After(l.latency):
		case <-ctx.Done():
			return false, 0, ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.err != nil {
		return false, 0, l.err
	}
	key = limit + " " + key
	now := l.now()
	due := l.due[key]
	if due.Before(now) {
		due = now
	}
	due = due.Add(time.Duration(n) * rule.Every)
	if wait := due.Sub(now) - time.Duration(rule.Burst)*rule.Every; wait > 0 {
		return false, wait, nil
	}
	l.over = l.over || due.Before(now)
	l.due[key] = due
	return true, 0, nil
}

func (l *ledger) set(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func (l *ledger) questions() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

var errAway = errors.New("out of reach")

func TestLimitOfANode(t *testing.T) {
	limittest.Exercise(t, func(t *testing.T, rule ratelimit.Rule) limittest.Limit {
		c := &clock{now: time.Unix(1000, 0)}
		return limittest.Limit{
			On:  []*ratelimit.Limiter{ratelimit.NewLimiter("test", rule, c.Now, nil)},
			Now: c.Now, Pass: c.pass,
		}
	})
}

func TestLimitOfTwoNodes(t *testing.T) {
	limittest.Exercise(t, func(t *testing.T, rule ratelimit.Rule) limittest.Limit {
		c := &clock{now: time.Unix(1000, 0)}
		shared := newLedger(c.Now)
		return limittest.Limit{
			On: []*ratelimit.Limiter{
				ratelimit.NewLimiter("test", rule, c.Now, shared),
				ratelimit.NewLimiter("test", rule, c.Now, shared),
			},
			Now: c.Now, Pass: c.pass,
		}
	})
}

// TestOutOfReach: each node holds the limit alone, with what passed there
// before in mind, and together again afterwards.
func TestOutOfReach(t *testing.T) {
	c := &clock{now: time.Unix(1000, 0)}
	shared := newLedger(c.Now)
	rule := ratelimit.Rule{Burst: 10, Every: time.Minute}
	one := ratelimit.NewLimiter("test", rule, c.Now, shared)
	two := ratelimit.NewLimiter("test", rule, c.Now, shared)
	if got := allowed(one, "a", 6); got != 6 {
		t.Errorf("together: got %d on the first node, want 6", got)
	}
	if got := allowed(two, "a", 2); got != 2 {
		t.Errorf("together: got %d on the second node, want 2", got)
	}
	shared.set(errAway)
	if got := allowed(one, "a", 20); got != 4 {
		t.Errorf("alone: got %d on the first node, want the 4 that it has left", got)
	}
	if got := allowed(two, "a", 20); got != 8 {
		t.Errorf("alone: got %d on the second node, want the 8 that it has left", got)
	}
	shared.set(nil)
	c.pass(3 * time.Minute)
	// 8 were counted together: 10 − 8 + 3 are left, whoever asks; but nobody
	// gets back on a node what passed there meanwhile.
	if got := allowed(one, "a", 20); got != 3 {
		t.Errorf("together again: got %d on the first node, want 3", got)
	}
	if got := allowed(two, "a", 20); got != 2 {
		t.Errorf("together again: got %d on the second node, want 2", got)
	}
}

// TestSlowAnswer: a request waits for the other nodes 50 ms at most.
func TestSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newLedger(time.Now)
		l := ratelimit.NewLimiter("test", ratelimit.Rule{Burst: 2, Every: time.Hour}, nil, shared)
		for latency, want := range map[time.Duration]time.Duration{
			20 * time.Millisecond: 20 * time.Millisecond,
			time.Minute:           50 * time.Millisecond,
		} {
			shared.latency = latency
			began := time.Now()
			if ok, _ := l.Allow(t.Context(), latency.String()); !ok {
				t.Errorf("an answer after %v: refused, want let through", latency)
			}
			if got := time.Since(began); got != want {
				t.Errorf("an answer after %v: waited %v, want %v", latency, got, want)
			}
		}
	})
}

// TestFloodIsNotPassedOn: who is over the limit costs the other nodes one
// question, wherever it was used up.
func TestFloodIsNotPassedOn(t *testing.T) {
	c := &clock{now: time.Unix(1000, 0)}
	shared := newLedger(c.Now)
	rule := ratelimit.Rule{Burst: 10, Every: time.Minute}
	one := ratelimit.NewLimiter("test", rule, c.Now, shared)
	two := ratelimit.NewLimiter("test", rule, c.Now, shared)
	allowed(one, "a", 1000)
	if got := shared.questions(); got != 10 {
		t.Errorf("%d questions of the node that used up the limit, want 10", got)
	}
	allowed(two, "a", 1000)
	if got := shared.questions(); got != 11 {
		t.Errorf("%d questions after a flood on the other node, want 11", got)
	}
	_, retry := two.Allow(t.Context(), "a")
	if retry != time.Minute {
		t.Errorf("the other node says to wait %v, want %v", retry, time.Minute)
	}
	c.pass(time.Minute)
	if got := allowed(two, "a", 1000); got != 1 {
		t.Errorf("a minute later: got %d on the other node, want 1", got)
	}
}

// TestLimitsApart: limits of one table do not count into each other, and each
// but those on sockets counts on all nodes.
func TestLimitsApart(t *testing.T) {
	c := &clock{now: time.Unix(1000, 0)}
	shared := newLedger(c.Now)
	l, d := ratelimit.New(ratelimit.Defaults(), c.Now, shared), ratelimit.Defaults()
	for name, limit := range map[string]struct {
		limiter *ratelimit.Limiter
		rule    ratelimit.Rule
	}{
		"requests by address":      {l.RequestsByAddress, d.RequestsByAddress},
		"requests by user":         {l.RequestsByUser, d.RequestsByUser},
		"registrations by address": {l.RegistrationsByAddress, d.RegistrationsByAddress},
		"registrations by account": {l.RegistrationsByAccount, d.RegistrationsByAccount},
		"logins by address":        {l.LoginsByAddress, d.LoginsByAddress},
		"logins by account":        {l.LoginsByAccount, d.LoginsByAccount},
		"handshakes":               {l.HandshakesByAddress, d.HandshakesByAddress},
		"uploads":                  {l.UploadsByUser, d.UploadsByUser},
		"comments":                 {l.CommentsByUser, d.CommentsByUser},
	} {
		before := shared.questions()
		if got := allowed(limit.limiter, "a", 2000); got != limit.rule.Burst {
			t.Errorf("%s: got %d, want %d", name, got, limit.rule.Burst)
		}
		if got := shared.questions() - before; got != limit.rule.Burst {
			t.Errorf("%s: %d counted together with other nodes, want %d", name, got, limit.rule.Burst)
		}
	}
	for name, limit := range map[string]struct {
		failures *ratelimit.Failures
		rule     ratelimit.Rule
	}{
		"by account": {l.WrongPasswordsByAccount, d.WrongPasswordsByAccount},
		"by address": {l.WrongPasswordsByAddress, d.WrongPasswordsByAddress},
	} {
		made, before := 0, shared.questions()
		for {
			end, err := limit.failures.Begin(t.Context(), "a")
			if err != nil {
				break
			}
			end(true)
			made++
		}
		if got := shared.questions() - before; got != limit.rule.Burst {
			t.Errorf("wrong passwords %s: %d counted together with other nodes, want %d", name, got, limit.rule.Burst)
		}
		if made != limit.rule.Burst {
			t.Errorf("wrong passwords %s: got %d, want %d", name, made, limit.rule.Burst)
		}
	}
}
