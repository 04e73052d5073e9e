package ratelimit_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/ratelimit"
)

// clock is a time that stands still until it is told to move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func allowed(l *ratelimit.Limiter, key string, tries int) (n int) {
	for range tries {
		if ok, _ := l.Allow(context.Background(), key); ok {
			n++
		}
	}
	return n
}

func TestLimiter(t *testing.T) {
	c := &clock{now: time.Unix(1000, 0)}
	l := ratelimit.NewLimiter("test", ratelimit.Rule{Burst: 3, Every: time.Minute}, c.Now, nil)
	if got, want := allowed(l, "a", 10), 3; got != want {
		t.Errorf("at once: got %d, want %d", got, want)
	}
	if got, want := allowed(l, "b", 10), 3; got != want {
		t.Errorf("another key: got %d, want %d", got, want)
	}
	ok, retry := l.Allow(context.Background(), "a")
	if ok || retry != time.Minute {
		t.Errorf("one too many: got %v after %v, want a refusal for a minute", ok, retry)
	}
	c.pass(retry - time.Millisecond)
	if got, want := allowed(l, "a", 10), 0; got != want {
		t.Errorf("just before: got %d, want %d", got, want)
	}
	c.pass(time.Millisecond)
	if got, want := allowed(l, "a", 10), 1; got != want {
		t.Errorf("after the wait it was told: got %d, want %d", got, want)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	c := &clock{now: time.Unix(1000, 0)}
	l := ratelimit.NewLimiter("test", ratelimit.Rule{Burst: 2, Every: time.Hour}, c.Now, nil)
	const keys = 1 << 16
	for i := range keys + 5000 {
		l.Allow(context.Background(), strconv.Itoa(i))
	}
	if got := l.Len(); got > keys {
		t.Errorf("%d keys are remembered, want at most %d", got, keys)
	}
	newest := strconv.Itoa(keys + 4999)
	if got, want := allowed(l, newest, 5), 1; got != want {
		t.Errorf("the newest key has %d left, want %d: it must not be the one forgotten", got, want)
	}
	// Once the buckets are full again they are as good as unseen, and go.
	c.pass(3 * time.Hour)
	for i := range keys {
		l.Allow(context.Background(), "later "+strconv.Itoa(i%100))
	}
	before := l.Len()
	for i := range 1000 {
		l.Allow(context.Background(), "new "+strconv.Itoa(i))
	}
	if after := l.Len(); after >= before {
		t.Errorf("%d keys before and %d after a thousand new ones, want fewer: full buckets are to be forgotten", before, after)
	}
}

func TestNilLetsEverythingPass(t *testing.T) {
	l := ratelimit.NewLimiter("test", ratelimit.Rule{}, nil, nil)
	c := ratelimit.NewCounter(0)
	if l != nil || c != nil {
		t.Fatalf("got %v and %v for no limit, want nil", l, c)
	}
	c.Release("a")
	if got, want := allowed(l, "a", 1000), 1000; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	if !c.Acquire("a") || c.Held("a") != 0 || l.Len() != 0 {
		t.Error("a nil counter refuses or counts")
	}
}

func TestCounter(t *testing.T) {
	c := ratelimit.NewCounter(2)
	got := []bool{c.Acquire("a"), c.Acquire("a"), c.Acquire("a"), c.Acquire("b")}
	for i, want := range []bool{true, true, false, true} {
		if got[i] != want {
			t.Errorf("acquire %d: got %v, want %v", i, got[i], want)
		}
	}
	c.Release("a")
	if !c.Acquire("a") || c.Acquire("a") {
		t.Error("after one release, want exactly one more")
	}
	c.Release("a")
	c.Release("a")
	c.Release("a") // owed to nobody
	if got, want := c.Held("a"), 0; got != want {
		t.Errorf("got %d held, want %d", got, want)
	}
}

func TestConcurrentUse(t *testing.T) {
	l := ratelimit.NewLimiter("test", ratelimit.Rule{Burst: 50, Every: time.Hour}, nil, nil)
	c := ratelimit.NewCounter(50)
	var granted, held sync.Map
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if ok, _ := l.Allow(context.Background(), "a"); ok {
				granted.Store(i, true)
			}
			if c.Acquire("a") {
				held.Store(i, true)
			}
		})
	}
	wg.Wait()
	for name, m := range map[string]*sync.Map{"limiter": &granted, "counter": &held} {
		n := 0
		m.Range(func(any, any) bool { n++; return true })
		if n != 50 {
			t.Errorf("the %s let %d pass, want 50", name, n)
		}
	}
}

func TestOffKeepsTheLimitOnWrongPasswords(t *testing.T) {
	l := ratelimit.New(ratelimit.Off(), nil, nil)
	for name, limiter := range map[string]*ratelimit.Limiter{
		"requests by address": l.RequestsByAddress, "requests by user": l.RequestsByUser,
		"registrations by address": l.RegistrationsByAddress, "registrations by account": l.RegistrationsByAccount,
		"logins by address": l.LoginsByAddress, "logins by account": l.LoginsByAccount,
		"handshakes": l.HandshakesByAddress, "uploads": l.UploadsByUser, "comments": l.CommentsByUser,
	} {
		if limiter != nil {
			t.Errorf("%s are limited, want not", name)
		}
	}
	if l.SocketsByAddress != nil || l.SocketsByUser != nil {
		t.Error("sockets are limited, want not")
	}
	if l.WrongPasswordsByAccount == nil || l.WrongPasswordsByAddress == nil {
		t.Error("wrong passwords are not limited, want them to be")
	}
}

func TestDefaultsLimitEverything(t *testing.T) {
	l := ratelimit.New(ratelimit.Defaults(), nil, nil)
	for name, limiter := range map[string]*ratelimit.Limiter{
		"requests by address": l.RequestsByAddress, "requests by user": l.RequestsByUser,
		"registrations by address": l.RegistrationsByAddress, "registrations by account": l.RegistrationsByAccount,
		"logins by address": l.LoginsByAddress, "logins by account": l.LoginsByAccount,
		"handshakes": l.HandshakesByAddress, "uploads": l.UploadsByUser, "comments": l.CommentsByUser,
	} {
		if limiter == nil {
			t.Errorf("%s are not limited", name)
		}
	}
	if l.WrongPasswordsByAccount == nil || l.WrongPasswordsByAddress == nil {
		t.Error("wrong passwords are not limited")
	}
	if l.SocketsByAddress == nil || l.SocketsByUser == nil || l.MessagesBySocket.Burst == 0 {
		t.Error("sockets or messages are not limited")
	}
}

func TestRefusal(t *testing.T) {
	err := ratelimit.Refusal(3 * time.Second)
	if err.Code != gallery.TooMany || err.RetryAfter != 3*time.Second {
		t.Errorf("got %v after %v, want %v after 3s", err.Code, err.RetryAfter, gallery.TooMany)
	}
}
