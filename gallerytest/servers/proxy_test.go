package servers_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
)

// dial connects to a Redis through a wire.
type dialled struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, addr string) *dialled {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &dialled{conn, bufio.NewReader(conn)}
}

// says reads a line in so much time; "" when none comes.
func (d *dialled) says(patience time.Duration) (string, error) {
	_ = d.SetReadDeadline(time.Now().Add(patience)) // a connection has deadlines
	line, err := d.in.ReadString('\n')
	return strings.TrimSpace(line), err
}

func (d *dialled) ping(t *testing.T, patience time.Duration) (string, error) {
	t.Helper()
	if _, err := io.WriteString(d, "PING\r\n"); err != nil {
		return "", err
	}
	return d.says(patience)
}

const (
	soon  = 10 * time.Second
	never = 200 * time.Millisecond // how long nothing is listened to
)

func expectPong(t *testing.T, what string, d *dialled) {
	t.Helper()
	if got, err := d.ping(t, soon); got != "+PONG" {
		t.Errorf("%s: got %q (%v), want +PONG", what, got, err)
	}
}

func expectNothing(t *testing.T, what string, d *dialled) {
	t.Helper()
	got, err := d.ping(t, never)
	if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
		t.Errorf("%s: got %q (%v), want neither an answer nor an end", what, got, err)
	}
}

func TestWire(t *testing.T) {
	redis := servers.Redis(t)
	wire := servers.Proxy(t, redis.Addr)
	t.Run("whole", func(t *testing.T) { expectPong(t, "whole", dial(t, wire.Addr)) })

	t.Run("delay", func(t *testing.T) {
		defer wire.Heal(t)
		d := dial(t, wire.Addr)
		wire.Delay(50 * time.Millisecond)
		start := time.Now()
		expectPong(t, "delayed", d)
		if took := time.Since(start); took < 100*time.Millisecond {
			t.Errorf("there and back took %v, want at least 100ms", took)
		}
	})

	t.Run("throttle", func(t *testing.T) {
		defer wire.Heal(t)
		d := dial(t, wire.Addr)
		wire.Throttle(100)
		start := time.Now()
		expectPong(t, "throttled", d) // 6 bytes there, 7 back
		if took := time.Since(start); took < 120*time.Millisecond {
			t.Errorf("13 bytes took %v, want at least 120ms", took)
		}
	})

	t.Run("cut", func(t *testing.T) {
		d := dial(t, wire.Addr)
		expectPong(t, "before", d)
		wire.Cut()
		if got, err := d.ping(t, soon); err == nil {
			t.Errorf("a cut connection says %q", got)
		}
		if conn, err := net.Dial("tcp", wire.Addr); err == nil {
			conn.Close()
			t.Error("a cut wire takes connections")
		}
		wire.Heal(t)
		expectPong(t, "healed", dial(t, wire.Addr))
	})

	t.Run("stall", func(t *testing.T) {
		defer wire.Heal(t)
		d := dial(t, wire.Addr)
		expectPong(t, "before", d)
		wire.Stall(servers.Down)
		expectNothing(t, "stalled", d)
		d.Conn.SetReadDeadline(time.Time{})
		wire.Heal(t)
		if got, err := d.says(soon); got != "+PONG" {
			t.Errorf("healed: got %q (%v), want what was held back", got, err)
		}
	})

	t.Run("half-open", func(t *testing.T) {
		defer wire.Heal(t)
		for _, direction := range []servers.Direction{servers.Up, servers.Down} {
			d := dial(t, wire.Addr)
			expectPong(t, "before", d)
			wire.Swallow(false, direction)
			expectNothing(t, "half-open", d)
			expectPong(t, "a new one", dial(t, wire.Addr))
		}
		wire.Swallow(true, servers.Down)
		expectNothing(t, "a new one", dial(t, wire.Addr))
		wire.Heal(t)
		expectPong(t, "healed", dial(t, wire.Addr))
	})
}

func TestDeafSubscription(t *testing.T) {
	redis := servers.Redis(t)
	wire := servers.RedisProxy(t, redis.Addr)
	subscribe := func() *dialled {
		d := dial(t, wire.Addr)
		io.WriteString(d, "HELLO 3\r\nSUBSCRIBE works\r\n")
		for {
			line, err := d.says(soon)
			if err != nil {
				t.Fatal(err)
			}
			if line == "subscribe" {
				break
			}
		}
		for range 3 { // the channel and the count
			d.says(soon)
		}
		return d
	}
	d := subscribe()
	redis.Do(t, "PUBLISH", "works", "first")
	if got, err := d.says(soon); got != ">3" {
		t.Fatalf("got %q (%v), want a message", got, err)
	}
	for range 6 {
		d.says(soon)
	}
	wire.Deafen()
	redis.Do(t, "PUBLISH", "works", "second")
	expectPong(t, "deaf, but alive", d)

	other := subscribe()
	redis.Do(t, "PUBLISH", "works", "third")
	if got, err := other.says(soon); got != ">3" {
		t.Errorf("a new subscription: got %q (%v), want a message", got, err)
	}
}
