package redis_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/redis"
)

// TestRedisAbsentAtTheStart: a node starts, subscribes and publishes as if
// nothing were the matter, only that nothing arrives; and all is well as soon
// as there is a Redis.
func TestRedisAbsentAtTheStart(t *testing.T) {
	server := servers.Redis(t)
	server.Stop(t)
	for _, url := range []string{
		server.URL,
		"redis://127.0.0.1:1," + server.URL, // would be a Cluster
		"sentinel://" + server.Addr + "/gallery",
	} {
		b, e := run(t, url), newEar()
		begun := time.Now()
		subscribe(t, b, "artwork:1", e)
		if err := b.Publish(t.Context(), "artwork:1", []byte("lost")); err == nil {
			t.Errorf("publish to no Redis: got no error, want one")
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("subscribing and publishing without a Redis took %v, want it at once", took)
		}
	}
	b, e := run(t, server.URL), newEar()
	subscribe(t, b, "artwork:1", e)
	time.Sleep(2 * time.Second) // real time: until the attempts are as far apart as they get
	server.Start(t)
	back := time.Now()
	e.awaitTold(t, 0)
	insist(t, b, "artwork:1", "found")
	e.awaitMessage(t, "found")
	if took, want := time.Since(back), 2*time.Second; took > want {
		t.Errorf("live %v after Redis came, want %v at most", took, want)
	}
}

// TestRedisKilledAndRestarted measures how long after its return messages pass
// again.
func TestRedisKilledAndRestarted(t *testing.T) {
	server := servers.Redis(t)
	var log lines
	client, err := redis.Open(server.URL, redis.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	listening, publishing := runBroker(t, client), connected(t, server.URL)
	awaitDelivery(t, publishing, listening)
	e := newEar()
	subscribe(t, listening, "artwork:1", e)
	for round := range 3 {
		told := e.times()
		server.Kill(t)
		// Whoever publishes finds out at once and knows from then on.
		deadline := time.Now().Add(patience)
		for listening.Publish(t.Context(), "artwork:1", nil) == nil && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		away := time.Duration(round+1) * 500 * time.Millisecond
		time.Sleep(away) // real time: the attempts get further apart
		begun := time.Now()
		for range 1000 {
			if err := listening.Publish(t.Context(), "artwork:1", nil); err == nil {
				t.Fatal("publish to a Redis that was killed: got no error, want one")
			}
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("1,000 publishings to a Redis that is away took %v, want them to fail at once", took)
		}
		server.Start(t)
		back, message := time.Now(), fmt.Sprint("round ", round)
		e.awaitTold(t, told)
		insist(t, publishing, "artwork:1", message)
		e.awaitMessage(t, message)
		took := time.Since(back)
		if want := 2 * time.Second; took > want {
			t.Errorf("away for %v: live %v after Redis was back, want %v at most", away, took, want)
		}
		t.Logf("away for %v: live after %v", away, took.Round(time.Millisecond))
		insist(t, listening, "artwork:1", "it has noticed too")
	}
	for text, want := range map[string]int{"redis is away": 3, "redis answers": 4} {
		if got := log.count(text); got != want {
			t.Errorf("%q is in the log %d times, want %d:\n%s", text, got, want, log.String())
		}
	}
}

// TestDeafSubscription: the connection of the subscription lives and carries
// nothing any more. Found within ten seconds, and built anew.
func TestDeafSubscription(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, c := range []struct {
		name   string
		deafen func(*servers.Wire)
		lost   bool // what is published meanwhile
	}{
		{"messages are lost, the rest is answered", func(w *servers.Wire) { w.Deafen() }, true},
		{"half-open: nothing comes any more", func(w *servers.Wire) { w.Swallow(false, servers.Down) }, true},
		{"half-open: nothing goes any more", func(w *servers.Wire) { w.Swallow(false, servers.Up) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := servers.Redis(t)
			wire := servers.RedisProxy(t, server.Addr)
			listening, publishing := connected(t, "redis://"+wire.Addr), connected(t, server.URL)
			e := newEar()
			subscribe(t, listening, "artwork:1", e)
			c.deafen(wire)
			begun := time.Now()
			publish(t, publishing, "artwork:1", "meanwhile")
			e.awaitTold(t, 0)
			took := time.Since(begun)
			if want := 10 * time.Second; took > want {
				t.Errorf("found after %v, want %v at most", took, want)
			}
			t.Logf("found after %v", took.Round(10*time.Millisecond))
			if got, want := !e.heard("meanwhile"), c.lost; got != want {
				t.Errorf("a message meanwhile was lost: got %v, want %v", got, want)
			}
			publish(t, publishing, "artwork:1", "found")
			e.awaitMessage(t, "found")
			insist(t, listening, "artwork:1", "and back")
			e.awaitMessage(t, "and back")
		})
	}
}

// TestSubscribingToASilentRedis: a Redis that hangs keeps nobody out for longer
// than a second, and tells whoever did not wait.
func TestSubscribingToASilentRedis(t *testing.T) {
	server := servers.Redis(t)
	b, e := connected(t, server.URL), newEar()
	server.Pause(t)
	begun := time.Now()
	defer subscribe(t, b, "artwork:1", e).Unsubscribe()
	if took := time.Since(begun); took < time.Second || took > 2*time.Second {
		t.Errorf("subscribing took %v, want about 1 s", took)
	}
	// Who gives up meanwhile is not subscribed.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	gone := newEar()
	if s, err := b.Subscribe(ctx, "artwork:1", gone); err == nil {
		s.Unsubscribe()
		t.Error("subscribing with a context that ended meanwhile: got no error, want one")
	}
	if got := e.times(); got != 0 {
		t.Errorf("Resubscribed was called %d times before the subscription stands, want none", got)
	}
	server.Resume(t)
	e.awaitTold(t, 0)
	insist(t, b, "artwork:1", "after")
	e.awaitMessage(t, "after")
	if gone.heard("after") || gone.times() > 0 {
		t.Error("who had given up was called, want nothing")
	}
}

// TestTenThousandChannelsOverAReconnect measures how long a big node is without
// its live messages when its connection breaks.
func TestTenThousandChannelsOverAReconnect(t *testing.T) {
	const n = 10_000
	server := servers.Redis(t)
	wire := servers.Proxy(t, server.Addr)
	b := connected(t, "redis://"+wire.Addr)
	var all sync.WaitGroup
	ears := make([]*ear, n)
	for i := range ears {
		ears[i] = newEar()
		all.Go(func() { subscribe(t, b, fmt.Sprintf("artwork:%d", i), ears[i]) })
	}
	begun := time.Now()
	all.Wait()
	t.Logf("%d subscriptions side by side took %v", n, time.Since(begun).Round(time.Millisecond))
	wire.Reset()
	broken := time.Now()
	for _, e := range ears {
		e.awaitTold(t, 0)
	}
	took := time.Since(broken)
	t.Logf("%d channels stand again %v after their connection broke", n, took.Round(time.Millisecond))
	// A tenth of a second on a quiet machine; this is for a busy one with the
	// race detector.
	if want := 6 * time.Second; took > want {
		t.Errorf("standing again took %v, want %v at most", took, want)
	}
	publisher := connected(t, server.URL)
	for i := range ears {
		publish(t, publisher, fmt.Sprintf("artwork:%d", i), "after")
	}
	for _, e := range ears {
		e.awaitMessage(t, "after")
	}
}

// TestLinger: a channel that everybody has left stays subscribed for a moment,
// so that who comes back costs nothing, and not for longer.
func TestLinger(t *testing.T) {
	t.Parallel() // it waits most of the time
	server := servers.Redis(t)
	b := connected(t, server.URL)
	channels := func() []string { return strings.Fields(server.Do(t, "PUBSUB", "CHANNELS", "gallery:artwork:*")) }
	subscribes := func() string {
		for line := range strings.Lines(server.Do(t, "INFO", "commandstats")) {
			if strings.HasPrefix(line, "cmdstat_subscribe:") {
				return strings.Split(line, ",")[0]
			}
		}
		return ""
	}
	subscribe(t, b, "artwork:1", newEar()).Unsubscribe()
	want, before := []string{"gallery:artwork:1"}, subscribes()
	if got := channels(); !slices.Equal(got, want) {
		t.Errorf("subscribed just after the last one left: got %q, want %q", got, want)
	}
	for range 100 {
		subscribe(t, b, "artwork:1", newEar()).Unsubscribe()
	}
	if got := subscribes(); got != before || got == "" {
		t.Errorf("commands after coming back 100 times: got %s, want %s", got, before)
	}
	left := time.Now()
	stayer := newEar()
	defer subscribe(t, b, "artwork:2", stayer).Unsubscribe()
	for len(channels()) > 1 && time.Since(left) < patience {
		time.Sleep(50 * time.Millisecond)
	}
	if got, want := channels(), []string{"gallery:artwork:2"}; !slices.Equal(got, want) {
		t.Errorf("subscribed long after: got %q, want %q", got, want)
	}
	if took := time.Since(left); took < 4*time.Second || took > 8*time.Second {
		t.Errorf("unsubscribed %v after the last one left, want about 5 s", took)
	}
	e := newEar()
	defer subscribe(t, b, "artwork:1", e).Unsubscribe()
	publish(t, b, "artwork:1", "again")
	e.awaitMessage(t, "again")
}

// TestPrefix: two galleries on one Redis do not hear each other.
func TestPrefix(t *testing.T) {
	server := servers.Redis(t)
	ours, theirs, e := connectedAs(t, server.URL, "ours:"), connectedAs(t, server.URL, "theirs:"), newEar()
	defer subscribe(t, ours, "system", e).Unsubscribe()
	publish(t, theirs, "system", "theirs")
	publish(t, ours, "system", "ours")
	e.awaitMessage(t, "ours")
	if got, want := e.all(), []string{"ours"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOverflow: what waits for a subscriber that hangs is bounded. It is told
// that it missed something, and hears what comes after.
func TestOverflow(t *testing.T) {
	server := servers.Redis(t)
	b := connected(t, server.URL)
	entered, hang := make(chan struct{}), make(chan struct{})
	slow := &hanging{ear: newEar(), hang: sync.OnceFunc(func() { close(entered); <-hang })}
	defer subscribe(t, b, "artwork:1", slow).Unsubscribe()
	publish(t, b, "artwork:1", "first")
	<-entered
	const n = 10_000
	for i := range n {
		publish(t, b, "artwork:1", fmt.Sprint(i))
	}
	witness := newEar()
	defer subscribe(t, b, "artwork:2", witness).Unsubscribe()
	publish(t, b, "artwork:2", "all have come") // one connection: they have
	witness.awaitMessage(t, "all have come")
	close(hang)
	slow.awaitTold(t, 0)
	publish(t, b, "artwork:1", "last")
	slow.awaitMessage(t, "last")
	heard := slow.all()
	if len(heard) > n/2 {
		t.Errorf("%d messages waited, want a bound well below %d", len(heard), n)
	}
	// After the gap nothing is missing, and the first was under way.
	tail := heard[1 : len(heard)-1]
	for i, m := range tail {
		if want := fmt.Sprint(n - len(tail) + i); m != want {
			t.Fatalf("message %d of the %d after the gap: got %q, want %q", i, len(tail), m, want)
		}
	}
}

// hanging is an ear that does something before it listens.
type hanging struct {
	*ear
	hang func()
}

func (h *hanging) Receive(message []byte) { h.hang(); h.ear.Receive(message) }

// TestRunEnds: both return when their context ends, whatever Redis does.
func TestRunEnds(t *testing.T) {
	server := servers.Redis(t)
	server.Pause(t)
	defer server.Resume(t)
	client, err := redis.Open(server.URL, redis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := redis.NewBroker(client)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- client.Run(ctx) }()
	go func() { ended <- b.Run(ctx) }()
	time.Sleep(100 * time.Millisecond) // real time: into the middle of connecting
	cancel()
	for range 2 {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("got error %v, want none", err)
			}
		case <-time.After(patience):
			t.Fatal("still running after its context ended")
		}
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Publish(t.Context(), "artwork:1", nil); err == nil {
		t.Error("publish through a closed client: got no error, want one")
	}
}

// lines is a log to be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) count(text string) int { return strings.Count(l.String(), text) }

// TestForbiddenChannel: a user that may not subscribe to what is wanted breaks
// the subscription as soon as it stands. That is tried again, but not in a
// tight loop, and works once it is allowed.
func TestForbiddenChannel(t *testing.T) {
	t.Parallel() // it waits most of the time
	server := servers.Redis(t)
	server.Do(t, "ACL", "SETUSER", "limited", "on", ">secret", "+@all", "~*", "&gallery:canary:*", "&gallery:probe")
	b := connected(t, strings.Replace(server.URL, "redis://", "redis://limited:secret@", 1))
	e := newEar()
	defer subscribe(t, b, "artwork:1", e).Unsubscribe()
	const watched = 2 * time.Second
	time.Sleep(watched) // real time: however often it is tried
	tries := server.Do(t, "INFO", "stats")
	for line := range strings.Lines(tries) {
		// Three at least for connecting, then one each.
		if n, found := strings.CutPrefix(strings.TrimSpace(line), "total_connections_received:"); found {
			if got, most := number(t, n), 30; got > most {
				t.Errorf("%d connections within %v, want %d at most", got, watched, most)
			}
		}
	}
	server.Do(t, "ACL", "SETUSER", "limited", "&gallery:artwork:*")
	e.awaitTold(t, 0)
	insist(t, b, "artwork:1", "allowed")
	e.awaitMessage(t, "allowed")
}

func number(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
