package redis_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"pgregory.net/rapid"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/ratelimit/limittest"
	"invisibleart.example/gallery/redis"
)

// limitsOf is a node's limits through the Redis at urls, which it has reached.
func limitsOf(t *testing.T, urls string) *redis.Limits {
	t.Helper()
	client, err := redis.Open(urls, redis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { client.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		client.Close()
	})
	limits := redis.NewLimits(client)
	awaitLimits(t, limits)
	return limits
}

// awaitLimits waits until limits are shared (again).
func awaitLimits(t *testing.T, limits *redis.Limits) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, _, err := limits.Take(t.Context(), "ready", "ready", ratelimit.Rule{Burst: 1 << 30, Every: time.Millisecond}, 1)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not shared after 20 s: %v", err)
		}
	}
}

// patient asks Redis without the limiter's own deadline, which a busy machine
// may miss: a test of what Redis counts must not be answered by a node.
type patient struct{ *redis.Limits }

func (p patient) Take(ctx context.Context, limit, key string, rule ratelimit.Rule, n int) (ok bool, retry time.Duration, err error) {
	for range 20 {
		if ok, retry, err = p.Limits.Take(context.WithoutCancel(ctx), limit, key, rule, n); err == nil {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	return ok, retry, err
}

// exercise runs the suite of all limits on two nodes over one Redis.
func exercise(t *testing.T, urls string) {
	one, two := patient{limitsOf(t, urls)}, patient{limitsOf(t, urls)}
	limittest.Exercise(t, func(t *testing.T, rule ratelimit.Rule) limittest.Limit {
		return limittest.Limit{
			On: []*ratelimit.Limiter{
				ratelimit.NewLimiter(t.Name(), rule, nil, one),
				ratelimit.NewLimiter(t.Name(), rule, nil, two),
			},
			Now: time.Now, Pass: time.Sleep,
		}
	})
}

func TestLimits(t *testing.T)           { exercise(t, servers.Redis(t).URL) }
func TestLimitsOfACluster(t *testing.T) { exercise(t, servers.RedisCluster(t).URL) }

// clockOf returns a look at the clock that Redis counts by, in microseconds.
func clockOf(t *testing.T, server *servers.RedisServer) func(fataler) int64 {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{server.Addr}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return func(t fataler) int64 {
		now, err := client.Do(context.Background(), client.B().Time().Build()).AsIntSlice()
		if err != nil || len(now) != 2 {
			t.Fatalf("TIME: got %v, %v", now, err)
		}
		return now[0]*1_000_000 + now[1]
	}
}

type fataler interface{ Fatalf(string, ...any) }

// TestLimitsAreExact holds Redis against the algorithm in Go, after any sequence
// of takes, gifts back and pauses. When exactly Redis counted is not known, only
// that it was between two looks at its clock; so the model is of two numbers,
// the earliest and the latest that Redis may have stored.
func TestLimitsAreExact(t *testing.T) {
	server := servers.Redis(t)
	limits, clock := patient{limitsOf(t, server.URL)}, clockOf(t, server)
	key := 0
	rapid.Check(t, func(rt *rapid.T) {
		key++
		rule := ratelimit.Rule{
			Burst: rapid.IntRange(1, 6).Draw(rt, "burst"),
			Every: time.Duration(rapid.SampledFrom([]int{1, 999, 20_000, 333_333, 3_600_000_000}).Draw(rt, "every µs")) * time.Microsecond,
		}
		every, most := rule.Every.Microseconds(), int64(rule.Burst)*rule.Every.Microseconds()
		low, high := int64(0), int64(0) // when all so far would have come
		after := clock(rt)
		for i := range rapid.IntRange(1, 12).Draw(rt, "acts") {
			n := rapid.SampledFrom([]int{1, 1, 1, -1}).Draw(rt, "n")
			time.Sleep(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 3, 25}).Draw(rt, "pause ms")) * time.Millisecond)
			before := after
			ok, retry, err := limits.Take(t.Context(), "exact", strconv.Itoa(key), rule, n)
			if err != nil {
				rt.Fatalf("take: %v", err)
			}
			after = clock(rt)
			// It counted at some moment from before to after.
			first, last := max(low, before), max(high, after)
			step := int64(n) * every
			least, longest := max(low, before)+step-most-after, max(high, before)+step-most-before
			switch {
			case ok && least > 0:
				rt.Fatalf("act %d: let through, though %d µs too early at least", i, least)
			case !ok && longest <= 0:
				rt.Fatalf("act %d: refused, though there was room for %d µs", i, -longest)
			case !ok && (retry.Microseconds() < least || retry.Microseconds() > longest):
				rt.Fatalf("act %d: told to wait %v, want from %d to %d µs", i, retry, least, longest)
			case ok:
				low, high = first+step, last+step
			}
		}
	})
}

// TestGiftsBackFillNoMoreThanTheBurst: whatever is given back.
func TestGiftsBackFillNoMoreThanTheBurst(t *testing.T) {
	limits := patient{limitsOf(t, servers.Redis(t).URL)}
	rule := ratelimit.Rule{Burst: 3, Every: time.Hour}
	take := func(n int) bool {
		t.Helper()
		ok, _, err := limits.Take(t.Context(), "gift", "a", rule, n)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	for round := range 2 {
		for range 5 {
			if !take(-1) {
				t.Error("a gift was refused")
			}
		}
		for i := range 5 {
			if got, want := take(1), i < 3; got != want {
				t.Errorf("round %d, event %d after gifts: let through %t, want %t", round, i, got, want)
			}
		}
	}
	take(-1)
	if !take(1) || take(1) {
		t.Error("after one gift, want exactly one more")
	}
}

// TestLimitsExpire: a key is gone once it is as good as none, and not before.
func TestLimitsExpire(t *testing.T) {
	server := servers.Redis(t)
	limits := patient{limitsOf(t, server.URL)}
	rule := ratelimit.Rule{Burst: 10, Every: time.Minute}
	for i := range 3 {
		if _, _, err := limits.Take(t.Context(), "expiry", "a", rule, 1); err != nil {
			t.Fatal(err)
		}
		ttl, err := strconv.ParseInt(server.Do(t, "PTTL", "gallery:limit:expiry:a"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		want := int64(i+1) * 60_000
		if ttl > want || ttl < want-30_000 {
			t.Errorf("after %d events: expires in %d ms, want %d", i+1, ttl, want)
		}
	}
	for range 3 {
		if _, _, err := limits.Take(t.Context(), "expiry", "a", rule, -1); err != nil {
			t.Fatal(err)
		}
	}
	if got := server.Do(t, "EXISTS", "gallery:limit:expiry:a"); got != "0" {
		t.Errorf("after all was given back: EXISTS %s, want 0", got)
	}
}

// TestLimitsOutliveAClockSetBack: what a server with a clock in the future
// wrote locks nobody out for longer than a full limit would.
func TestLimitsOutliveAClockSetBack(t *testing.T) {
	server := servers.Redis(t)
	limits := patient{limitsOf(t, server.URL)}
	rule := ratelimit.Rule{Burst: 2, Every: 50 * time.Millisecond}
	server.Do(t, "SET", "gallery:limit:future:a", fmt.Sprint(time.Now().Add(time.Hour).UnixMicro()), "PX", "3600000")
	ok, retry, err := limits.Take(t.Context(), "future", "a", rule, 1)
	if err != nil || ok || retry > rule.Every {
		t.Errorf("got %t, %v, %v, want a refusal for %v", ok, retry, err, rule.Every)
	}
	time.Sleep(2 * rule.Every)
	for range 2 {
		if ok, _, err := limits.Take(t.Context(), "future", "a", rule, 1); err != nil || !ok {
			t.Errorf("when that is over: got %t, %v, want to be let through", ok, err)
		}
	}
}

// TestLimitsWhileRedisIsAway: stopped, or stuck, it holds up no request, and
// each node goes on with what it has left; back again, they share it again.
func TestLimitsWhileRedisIsAway(t *testing.T) {
	server := servers.Redis(t)
	rule := ratelimit.Rule{Burst: 12, Every: time.Hour}
	shares := []*redis.Limits{limitsOf(t, server.URL), limitsOf(t, server.URL)}
	passed := func(l *ratelimit.Limiter, key string, n int) (passed int) {
		for range n {
			if ok, _ := l.Allow(t.Context(), key); ok {
				passed++
			}
		}
		return passed
	}
	for _, fault := range []struct {
		name       string
		begin, end func()
	}{
		{"stopped", func() { server.Stop(t) }, func() { server.Start(t) }},
		{"stuck", func() { server.Pause(t) }, func() { server.Resume(t) }},
	} {
		t.Run(fault.name, func(t *testing.T) {
			var nodes []*ratelimit.Limiter
			for _, shared := range shares {
				awaitLimits(t, shared)
				nodes = append(nodes, ratelimit.NewLimiter(fault.name, rule, nil, shared))
			}
			if got := passed(nodes[0], "a", 5) + passed(nodes[1], "a", 4); got != 9 {
				t.Errorf("together: %d of 9 passed", got)
			}
			fault.begin()
			began := time.Now()
			if got := passed(nodes[0], "a", 50); got != 7 {
				t.Errorf("alone: %d passed on the first node, want the 7 that it has left", got)
			}
			if got := passed(nodes[1], "a", 50); got != 8 {
				t.Errorf("alone: %d passed on the second node, want the 8 that it has left", got)
			}
			for i := range 2000 {
				passed(nodes[i%2], strconv.Itoa(i), 1)
			}
			// A stuck Redis may cost each node 50 ms once a second.
			if took := time.Since(began); took > time.Second {
				t.Errorf("2,015 requests took %v, want no waiting for Redis", took)
			}
			fault.end()
			var again []*ratelimit.Limiter
			for _, shared := range shares {
				awaitLimits(t, shared)
				again = append(again, ratelimit.NewLimiter(fault.name, rule, nil, patient{shared}))
			}
			if got := passed(again[0], "b", 8) + passed(again[1], "b", 50); got != 12 {
				t.Errorf("together again: %d passed, want 12", got)
			}
		})
	}
}

// TestWrongPasswordsOnTwoNodes: as many as the rule says, wherever they are
// tried, and a right one leaves no trace.
func TestWrongPasswordsOnTwoNodes(t *testing.T) {
	server := servers.Redis(t)
	rule := ratelimit.Rule{Burst: 10, Every: time.Hour}
	var nodes []*ratelimit.Failures
	for range 2 {
		nodes = append(nodes, ratelimit.NewFailures("passwords", rule, nil, patient{limitsOf(t, server.URL)}))
	}
	attempt := func(i int, failed bool) bool {
		end, err := nodes[i%2].Begin(t.Context(), "a")
		if err == nil {
			end(failed)
		}
		return err == nil
	}
	for i := range 100 {
		if !attempt(i, false) {
			t.Fatalf("the right password was refused at attempt %d", i)
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	made := 0
	for i := range 60 {
		wg.Go(func() {
			if attempt(i, true) {
				mu.Lock()
				defer mu.Unlock()
				made++
			}
		})
	}
	wg.Wait()
	if made != 10 {
		t.Errorf("%d wrong passwords were tried on two nodes, want 10", made)
	}
}
