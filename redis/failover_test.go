package redis_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/redis"
)

// channels are enough to lie on all masters of a Cluster.
const channels = 30

// TestFailOver kills a master in a storm of messages. Whatever was taken for
// publishing is heard, or was taken before a Resubscribed; after the last
// Resubscribed nothing is missing.
func TestFailOver(t *testing.T) {
	t.Parallel() // it waits most of the time
	t.Run("Cluster", func(t *testing.T) {
		t.Parallel()
		cluster := servers.RedisCluster(t)
		// Where the brokers listen is chance: on the master that dies, or not.
		stormOver(t, cluster.URL,
			func() { cluster.FailOver(t, "gallery:artwork:0") },
			func() {
				successor := cluster.Master(t, "gallery:artwork:0") // it has no replica any more
				for c := range channels {
					if key := "gallery:" + channelName(c); cluster.Master(t, key) != successor {
						cluster.FailOver(t, key)
						return
					}
				}
				t.Fatal("all channels lie on one master")
			})
	})
	t.Run("Sentinel", func(t *testing.T) {
		t.Parallel()
		sentinel := servers.RedisSentinel(t)
		stormOver(t, sentinel.URL, func() { sentinel.FailOver(t) })
	})
}

// stormOver runs three brokers that all listen to all channels while one
// publishes, and fails over in the middle.
func stormOver(t *testing.T, url string, failOvers ...func()) {
	var brokers []*redis.Broker
	for range 3 {
		brokers = append(brokers, connected(t, url))
	}
	var witnesses []*witness
	for _, b := range brokers {
		for c := range channels {
			w := &witness{ear: newEar(), channel: channelName(c), heard: make(map[string]bool)}
			defer subscribe(t, b, w.channel, w).Unsubscribe()
			witnesses = append(witnesses, w)
		}
	}
	storm := startStorm(t, brokers[0])
	for _, failOver := range failOvers {
		wait(t, storm, 500*time.Millisecond)
		before := told(witnesses)
		failOver()
		// Everybody is told, on whichever server he listens.
		for i, w := range witnesses {
			w.awaitTold(t, before[i])
		}
		all := storm.deliveredEverywhere(t, witnesses)
		t.Logf("live again on all channels %v after the fail-over was over", all.Round(10*time.Millisecond))
		if want := 10 * time.Second; all > want {
			t.Errorf("live again after %v, want %v at most", all, want)
		}
	}
	taken := storm.end()
	// Nothing is published any more; what is under way arrives.
	for _, w := range witnesses {
		insist(t, brokers[0], w.channel, "last")
	}
	for _, w := range witnesses {
		w.await(t, "the last message on "+w.channel, func() bool { return w.has("last") })
	}
	lost := 0
	for _, w := range witnesses {
		for _, m := range taken {
			if m.channel != w.channel || w.has(m.text) {
				continue
			}
			lost++
			if !w.toldAfter(m.at) {
				t.Errorf("%s: message %q was taken at %s, never arrived, and nobody was told to read again", w.channel, m.text, m.at.Format(time.StampMilli))
			}
		}
	}
	t.Logf("%d messages were taken for publishing; %d deliveries of %d were lost, all before a Resubscribed", len(taken), lost, 3*len(taken))
	if len(taken) < 100 {
		t.Errorf("only %d messages were published: that was no storm", len(taken))
	}
}

func channelName(channel int) string { return fmt.Sprintf("artwork:%d", channel) }

func wait(t *testing.T, s *storm, d time.Duration) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < d; time.Sleep(10 * time.Millisecond) {
		if time.Since(s.begun) > 3*patience {
			t.Fatal("the storm takes too long")
		}
	}
}

// witness remembers what it heard, and when it was told to read again.
type witness struct {
	*ear
	channel string

	mu    sync.Mutex
	heard map[string]bool
	last  time.Time // of Resubscribed
}

func (w *witness) Receive(message []byte) {
	w.mu.Lock()
	w.heard[string(message)] = true
	w.mu.Unlock()
	w.ear.Receive(nil)
}

func (w *witness) Resubscribed() {
	w.mu.Lock()
	w.last = time.Now()
	w.mu.Unlock()
	w.ear.Resubscribed()
}

func (w *witness) has(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.heard[text]
}

func (w *witness) toldAfter(at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last.After(at)
}

func told(witnesses []*witness) []int {
	times := make([]int, len(witnesses))
	for i, w := range witnesses {
		times[i] = w.times()
	}
	return times
}

// storm publishes on all channels in turn, as fast as it is let.
type storm struct {
	begun  time.Time
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	taken []message
}

// message is one that Publish took without an error, begun at that time.
type message struct {
	channel, text string
	at            time.Time
}

func startStorm(t *testing.T, b pubsub.Broker) *storm {
	ctx, cancel := context.WithCancel(t.Context())
	s := &storm{begun: time.Now(), cancel: cancel, done: make(chan struct{})}
	t.Cleanup(func() { s.end() })
	go func() {
		defer close(s.done)
		for i := 0; ctx.Err() == nil; i++ {
			m := message{channelName(i % channels), fmt.Sprint(i), time.Now()}
			if b.Publish(ctx, m.channel, []byte(m.text)) == nil {
				s.mu.Lock()
				s.taken = append(s.taken, m)
				s.mu.Unlock()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	return s
}

func (s *storm) end() []message {
	s.cancel()
	<-s.done
	return s.taken
}

// deliveredEverywhere waits until every witness hears something that is
// published from now on, and returns how long that took.
func (s *storm) deliveredEverywhere(t *testing.T, witnesses []*witness) time.Duration {
	t.Helper()
	begun := time.Now()
	counts := make([]int, len(witnesses))
	for i, w := range witnesses {
		counts[i] = len(w.all())
	}
	for i, w := range witnesses {
		w.await(t, "a message on "+w.channel, func() bool { return len(w.all()) > counts[i] })
	}
	return time.Since(begun)
}

// TestDeposedMaster: the Sentinels make the replica the master while the old
// one lives, and goes on answering as a master for a while. Nobody stays with
// it for long.
func TestDeposedMaster(t *testing.T) {
	t.Parallel() // it waits most of the time
	sentinel := servers.RedisSentinel(t)
	a, b := connected(t, sentinel.URL), connected(t, sentinel.URL)
	e := newEar()
	defer subscribe(t, b, "artwork:1", e).Unsubscribe()
	begun, old := time.Now(), sentinel.Master(t)
	sentinel.Sentinels[0].Do(t, "SENTINEL", "FAILOVER", servers.MasterName)
	for sentinel.Master(t) == old {
		if time.Since(begun) > patience {
			t.Fatal("the Sentinels do not change the master")
		}
		time.Sleep(20 * time.Millisecond)
	}
	switched := time.Now()
	e.awaitTold(t, 0)
	t.Logf("found %v after the switch", time.Since(switched).Round(10*time.Millisecond))
	if took, want := time.Since(switched), 10*time.Second; took > want {
		t.Errorf("found %v after the switch, want %v at most", took, want)
	}
	insist(t, a, "artwork:1", "after")
	e.awaitMessage(t, "after")
}
