package loadtest_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/loadtest"
)

// run starts a swarm, which stops with the test or by the function returned.
func run(t *testing.T, c loadtest.Config) (s *loadtest.Swarm, stop func()) {
	t.Helper()
	s, err := loadtest.NewSwarm(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(patience):
			t.Error("the swarm did not end")
		}
	})
	t.Cleanup(stop)
	return s, stop
}

func settled(t *testing.T, s *loadtest.Swarm) {
	t.Helper()
	select {
	case <-s.Settled():
	case <-time.After(patience):
		t.Fatalf("the sockets did not settle: %+v", s.Counts())
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come to this: %s", what)
		}
	}
}

// TestSwarm opens sockets, hears and speaks on each, and says goodbye.
func TestSwarm(t *testing.T) {
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		const n = 300
		var mu sync.Mutex
		paths, goodbyes := map[string]int{}, 0
		srv := begin(t, &server{serve: func(p *peer) {
			mu.Lock()
			paths[p.request.URL.RequestURI()+" "+p.request.Header.Get("X-Who")]++
			mu.Unlock()
			p.say("hello " + p.request.URL.Query().Get("n"))
			for {
				opcode, payload, ok := p.hear()
				if !ok {
					return
				}
				if opcode == 8 {
					if payload == "\x03\xe8" {
						mu.Lock()
						goodbyes++
						mu.Unlock()
					}
					p.Write(frame(0x88, payload))
					return
				}
				p.say(payload)
			}
		}})
		heard := make([][]string, n)
		var opened []int
		s, stop := run(t, loadtest.Config{
			Address: srv.address, Sockets: n, Engine: engine, InFlight: 16,
			Path:   func(i int) string { return fmt.Sprintf("/ws?n=%d", i) },
			Header: http.Header{"X-Who": {"me"}},
			OnOpen: func(i int, at int64, took time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				if took <= 0 || at > loadtest.Now() {
					t.Errorf("socket %d: opened at %d after %v", i, at, took)
				}
				opened = append(opened, i)
			},
			OnMessage: func(i int, at int64, payload []byte) {
				mu.Lock()
				defer mu.Unlock()
				heard[i] = append(heard[i], string(payload))
			},
		})
		settled(t, s)
		for i := range n {
			before := loadtest.Now()
			at, err := s.Send(i, []byte(fmt.Sprint("message ", i)))
			if err != nil || at < before || at > loadtest.Now() {
				t.Fatalf("send: at %d (before: %d): %v", at, before, err)
			}
		}
		eventually(t, "two messages on each socket", func() bool { return s.Counts().Messages == 2*n })
		stop()
		mu.Lock()
		defer mu.Unlock()
		for i := range n {
			if got, want := fmt.Sprint(heard[i]), fmt.Sprintf("[hello %d message %d]", i, i); got != want {
				t.Errorf("socket %d heard %s, want %s", i, got, want)
			}
			if paths[fmt.Sprintf("/ws?n=%d me", i)] != 1 {
				t.Errorf("socket %d: its path was asked for %d times", i, paths[fmt.Sprintf("/ws?n=%d me", i)])
			}
		}
		if len(opened) != n || goodbyes != n {
			t.Errorf("%d sockets were told as open and %d said goodbye with 1000, want %d", len(opened), goodbyes, n)
		}
		if c := s.Counts(); c.Opened != n || c.Open != 0 || c.Sent != n || c.Failed != 0 || len(c.Closed) != 0 {
			t.Errorf("got counts %+v", c)
		}
	})
}

// TestSwarm_stall stops a socket from reading, and has it read on.
func TestSwarm_stall(t *testing.T) {
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		srv := begin(t, &server{serve: (*peer).echo})
		heard := make(chan string, 10)
		s, _ := run(t, loadtest.Config{
			Address: srv.address, Sockets: 2, Engine: engine, Path: func(i int) string { return "/" },
			OnMessage: func(i int, _ int64, payload []byte) { heard <- fmt.Sprint(i, string(payload)) },
		})
		settled(t, s)
		send := func(i int) {
			t.Helper()
			if _, err := s.Send(i, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Stall(0, true); err != nil {
			t.Fatal(err)
		}
		send(0)
		for range 3 { // the server answered socket 0 before the last of these
			send(1)
			if got, want := <-heard, "1x"; got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
		if err := s.Stall(0, false); err != nil {
			t.Fatal(err)
		}
		if got, want := <-heard, "0x"; got != want {
			t.Errorf("after the stall: got %q, want %q", got, want)
		}
	})
}
