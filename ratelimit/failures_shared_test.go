package ratelimit_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/ratelimit"
)

// TestFailuresOfTwoNodes: together they fail no more often than the rule says,
// whatever the answers take, and successes leave no trace.
func TestFailuresOfTwoNodes(t *testing.T) {
	for _, latency := range []time.Duration{0, 3 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				shared := newLedger(time.Now)
				shared.latency = latency
				one := ratelimit.NewFailures("test", tenAnHour, nil, shared)
				two := ratelimit.NewFailures("test", tenAnHour, nil, shared)
				var failed atomic.Int64
				var wg sync.WaitGroup
				for _, node := range []*ratelimit.Failures{one, two} {
					wg.Go(func() {
						try(t, node, "a", 200, func(i int) bool {
							if i%5 == 0 {
								failed.Add(1)
							}
							return i%5 == 0
						})
					})
				}
				wg.Wait()
				if got := failed.Load(); got != 10 {
					t.Errorf("%d failed on two nodes, want 10", got)
				}
				if shared.over {
					t.Error("more was given back than was taken")
				}
				for name, node := range map[string]*ratelimit.Failures{"one": one, "two": two} {
					if made, _ := try(t, node, "b", 100, never); made != 100 {
						t.Errorf("node %s: %d of 100 successes were let in, want all", name, made)
					}
				}
				if made, _ := try(t, two, "b", 60, always); made != 10 {
					t.Errorf("after successes only: %d failures, want 10", made)
				}
			})
		})
	}
}

// TestFailuresOutOfReach: an attempt is given back where it was counted, so
// that an outage between its beginning and its end makes no room from nothing.
func TestFailuresOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newLedger(time.Now)
		one := ratelimit.NewFailures("test", tenAnHour, nil, shared)
		two := ratelimit.NewFailures("test", tenAnHour, nil, shared)
		shared.set(errAway)
		var ends []func(bool)
		for range 5 {
			end, err := one.Begin(t.Context(), "a")
			if err != nil {
				t.Fatalf("refused while the others are out of reach: %v", err)
			}
			ends = append(ends, end)
		}
		shared.set(nil)
		if made, _ := try(t, two, "a", 7, always); made != 7 {
			t.Errorf("got %d made on the other node, want 7", made)
		}
		for _, end := range ends {
			end(false)
		}
		if made, _ := try(t, two, "a", 20, always); made != 3 {
			t.Errorf("got %d made after five successes of the outage, want the 3 that are left", made)
		}
	})
}

// TestFailuresHoldUpNobodyElse: while the other nodes are asked about one key,
// attempts of another go on.
func TestFailuresHoldUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newLedger(time.Now)
		shared.latency = 40 * time.Millisecond
		f := ratelimit.NewFailures("test", tenAnHour, nil, shared)
		began := time.Now()
		var wg sync.WaitGroup
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			wg.Go(func() {
				if end, err := f.Begin(t.Context(), key); err == nil {
					end(true)
				}
			})
		}
		wg.Wait()
		if got, want := time.Since(began), 40*time.Millisecond; got != want {
			t.Errorf("five keys took %v, want %v: none waits for another", got, want)
		}
	})
}

// TestFailuresThroughOutages: whatever becomes of the others' answers, nobody
// waits for ever, and what is left afterwards is exact again after a rest.
func TestFailuresThroughOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newLedger(time.Now)
		nodes := []*ratelimit.Failures{
			ratelimit.NewFailures("test", tenAnHour, nil, shared),
			ratelimit.NewFailures("test", tenAnHour, nil, shared),
		}
		chance := rand.New(rand.NewPCG(1, 2))
		var wg sync.WaitGroup
		for i := range 400 {
			key, fails := []string{"a", "b"}[chance.IntN(2)], chance.IntN(4) == 0
			wg.Go(func() {
				if end, err := nodes[i%2].Begin(t.Context(), key); err == nil {
					time.Sleep(10 * time.Millisecond)
					end(fails)
				}
			})
			if chance.IntN(10) == 0 {
				shared.set([]error{nil, errAway}[chance.IntN(2)])
			}
			time.Sleep(time.Millisecond)
		}
		wg.Wait() // a deadlock would end the bubble with a panic
		if shared.over {
			t.Error("more was given back than was taken")
		}
		shared.set(nil)
		time.Sleep(2 * time.Hour)
		for _, key := range []string{"a", "b"} {
			if made, _ := try(t, nodes[0], key, 50, always); made != 10 {
				t.Errorf("after a rest: %d failures of %s, want 10", made, key)
			}
		}
	})
}
