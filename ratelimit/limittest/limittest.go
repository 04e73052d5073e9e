// Package limittest is what every ratelimit.Limiter must do, whether a node
// keeps it alone or shares it with others.
package limittest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery/ratelimit"
)

// Limit is a fresh limit that nobody used yet.
type Limit struct {
	// On are the nodes that hold the limit together: one at least.
	On []*ratelimit.Limiter
	// Now and Pass are the time that it counts by. Time may pass by itself, too.
	Now  func() time.Time
	Pass func(time.Duration)
}

// Exercise puts a limit to every test there is.
func Exercise(t *testing.T, open func(t *testing.T, rule ratelimit.Rule) Limit) {
	t.Run("burst", func(t *testing.T) {
		l := open(t, ratelimit.Rule{Burst: 7, Every: time.Hour})
		for _, key := range []string{"a", "b", "2001:db8::/64", "{a}", "ä b\r\n", ""} {
			if got := l.tries(t, key, 20); got != 7 {
				t.Errorf("%q: %d passed at once, want 7", key, got)
			}
		}
	})
	t.Run("a refusal says when, and counts nothing", func(t *testing.T) {
		rule := ratelimit.Rule{Burst: 3, Every: 400 * time.Millisecond}
		l := open(t, rule)
		began := l.Now()
		l.tries(t, "a", 3)
		refused, before := 0, l.Now()
		var retry time.Duration
		for refused < 50 {
			var ok bool
			if ok, retry = l.on(refused).Allow(t.Context(), "a"); ok {
				break
			}
			refused++
		}
		after := l.Now()
		if passed := after.Sub(began); refused == 0 && passed < rule.Every {
			t.Fatalf("a fourth passed after %v, want one every %v", passed, rule.Every)
		} else if refused < 50 {
			t.Skipf("the machine took %v for 50 tries", passed)
		}
		// It was full at some moment between began and before.
		if at := rule.Every - after.Sub(began); retry < at-time.Millisecond {
			t.Errorf("got %v to wait after %v, want at least %v", retry, after.Sub(began), at)
		}
		if retry > rule.Every {
			t.Errorf("got %v to wait, want at most %v", retry, rule.Every)
		}
		l.Pass(retry)
		if ok, again := l.on(0).Allow(t.Context(), "a"); !ok {
			t.Errorf("refused for another %v after the wait it was told (%v from %v on)", again, retry, before)
		}
	})
	t.Run("no more than the rate", func(t *testing.T) {
		rule := ratelimit.Rule{Burst: 4, Every: 20 * time.Millisecond}
		l := open(t, rule)
		began, passed := l.Now(), 0
		for i := range 40 {
			if ok, _ := l.on(i).Allow(t.Context(), "a"); ok {
				passed++
			}
			l.Pass(5 * time.Millisecond)
		}
		took := l.Now().Sub(began)
		if most := rule.Burst + int(took/rule.Every); passed > most {
			t.Errorf("%d passed in %v, want at most %d", passed, took, most)
		}
		// Tries came more often than room: only a slow machine may have missed some.
		if least := rule.Burst + int(200*time.Millisecond/rule.Every) - 2; took < 400*time.Millisecond && passed < least {
			t.Errorf("%d passed in %v, want at least %d", passed, took, least)
		}
	})
	t.Run("rest fills no more than the burst", func(t *testing.T) {
		rule := ratelimit.Rule{Burst: 3, Every: 50 * time.Millisecond}
		l := open(t, rule)
		for round := range 2 {
			began := l.Now()
			got := l.tries(t, "a", 30)
			if most := rule.Burst + int(l.Now().Sub(began)/rule.Every) + 1; got < rule.Burst || got > most {
				t.Errorf("round %d: %d passed, want %d to %d", round, got, rule.Burst, most)
			}
			l.Pass(10 * rule.Every)
		}
	})
	t.Run("side by side", func(t *testing.T) {
		l := open(t, ratelimit.Rule{Burst: 25, Every: time.Hour})
		var passed atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				if ok, _ := l.on(i).Allow(t.Context(), "a"); ok {
					passed.Add(1)
				}
			})
		}
		wg.Wait()
		if got := passed.Load(); got != 25 {
			t.Errorf("%d of 100 at once passed, want 25", got)
		}
	})
	t.Run("many keys", func(t *testing.T) {
		l := open(t, ratelimit.Rule{Burst: 1, Every: time.Hour})
		for i := range 500 {
			if got := l.tries(t, fmt.Sprint(i), 3); got != 1 {
				t.Fatalf("key %d: %d passed, want 1", i, got)
			}
		}
	})
}

// on is the i-th node's limiter, over and over.
func (l Limit) on(i int) *ratelimit.Limiter { return l.On[i%len(l.On)] }

// tries counts how many of n pass, node after node.
func (l Limit) tries(t *testing.T, key string, n int) (passed int) {
	t.Helper()
	for i := range n {
		if ok, _ := l.on(i).Allow(t.Context(), key); ok {
			passed++
		}
	}
	return passed
}
