package loadtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/loadtest"
)

const busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy"

// TestRefused_comesAgain honours Retry-After: nobody is back before its time,
// and everybody is in the end.
func TestRefused_comesAgain(t *testing.T) {
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		const n = 20
		var mu sync.Mutex
		refused, back := map[string]time.Time{}, 0
		srv := begin(t, &server{
			refuse: func(r *http.Request) string {
				mu.Lock()
				defer mu.Unlock()
				if at, before := refused[r.URL.Path]; before {
					if early := time.Second - time.Since(at); early > 0 {
						t.Errorf("%s came again %v too early", r.URL.Path, early)
					}
					back++
					return ""
				}
				refused[r.URL.Path] = time.Now()
				return busy
			},
			serve: (*peer).echo,
		})
		var told []string
		s, _ := run(t, loadtest.Config{
			Address: srv.address, Sockets: n, Engine: engine, Retries: 2,
			Path: func(i int) string { return fmt.Sprint("/", i) },
			OnRefused: func(_, status int, retryAfter time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, fmt.Sprint(status, " ", retryAfter))
			},
		})
		settled(t, s)
		c := s.Counts()
		mu.Lock()
		defer mu.Unlock()
		if c.Opened != n || c.Refused[503] != n || c.GivenUp != 0 || c.MostRefused != 1 || back != n || c.Started != 2*n {
			t.Errorf("got counts %+v and %d that came again, want %d of each", c, back, n)
		}
		if len(told) != n || told[0] != "503 1s" {
			t.Errorf("OnRefused was told %d times, first %v", len(told), told)
		}
	})
}

// TestRefused_forGood gives up what will not become better, and what did not
// after so many retries.
func TestRefused_forGood(t *testing.T) {
	proper := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	for _, test := range []struct {
		name    string
		answer  func(*http.Request) string
		status  int    // a refusal
		failure string // or what is wrong
		tries   int64
	}{
		{"404", func(*http.Request) string { return "HTTP/1.1 404 Not Found\r\n\r\n" }, 404, "", 1},
		{"503 without a time", func(*http.Request) string { return "HTTP/1.1 503 Busy\r\n\r\n" }, 503, "", 3},
		{"not HTTP", func(*http.Request) string { return "SSH-2.0-OpenSSH_9.9\r\n\r\n" }, 0, "is not HTTP", 3},
		{"nothing", func(*http.Request) string { return "HTTP/1.1 101" }, 0, "ended in the handshake", 3},
		{"endless head", func(*http.Request) string {
			return "HTTP/1.1 101 Hm\r\nX: " + strings.Repeat("x", 20_000)
		}, 0, "longer than", 3},
		{"wrong accept", func(*http.Request) string { return proper + "Sec-WebSocket-Accept: AAAA\r\n\r\n" }, 0, "Accept is wrong", 3},
		{"no upgrade", func(r *http.Request) string {
			return "HTTP/1.1 101 Hm\r\nSec-WebSocket-Accept: " + accept(r) + "\r\n\r\n"
		}, 0, "does not upgrade", 3},
		{"an extension", func(r *http.Request) string {
			return proper + "Sec-WebSocket-Accept: " + accept(r) + "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
		}, 0, "nobody asked for", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			engines(t, func(t *testing.T, engine loadtest.Engine) {
				srv := begin(t, &server{refuse: test.answer})
				s, _ := run(t, loadtest.Config{
					Address: srv.address, Sockets: 1, Engine: engine, Retries: 2, Path: func(int) string { return "/" },
				})
				settled(t, s)
				c := s.Counts()
				if c.GivenUp != 1 || c.Opened != 0 || c.Started != test.tries {
					t.Errorf("got counts %+v, want 1 given up after %d tries", c, test.tries)
				}
				if test.status != 0 && c.Refused[test.status] != test.tries {
					t.Errorf("got refusals %v, want %d with %d", c.Refused, test.tries, test.status)
				}
				for reason := range c.Failures {
					if test.failure == "" || !strings.Contains(reason, test.failure) {
						t.Errorf("it failed because %q, want %q", reason, test.failure)
					}
				}
				if test.failure != "" && c.Failed != test.tries {
					t.Errorf("got %d failures, want %d", c.Failed, test.tries)
				}
			})
		})
	}
}

// TestNobodyThere counts connections that are refused, and a server that never
// answers.
func TestNobodyThere(t *testing.T) {
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		srv := begin(t, &server{serve: (*peer).echo})
		srv.listener.Close()
		s, stop := run(t, loadtest.Config{Address: srv.address, Sockets: 3, Engine: engine, Path: func(int) string { return "/" }})
		settled(t, s)
		if c := s.Counts(); c.Failed != 3 || c.GivenUp != 3 || len(c.Failures) != 1 {
			t.Errorf("nobody listens: got counts %+v, want 3 failures for one reason", c)
		}
		stop()

		wait := make(chan struct{})
		defer close(wait)
		deaf := begin(t, &server{refuse: func(*http.Request) string { <-wait; return "x" }})
		s, stop = run(t, loadtest.Config{
			Address: deaf.address, Sockets: 3, Engine: engine, Path: func(int) string { return "/" }, Patience: 30 * time.Millisecond,
		})
		settled(t, s)
		if c := s.Counts(); c.Failures["no answer to the handshake within 30ms"] != 3 {
			t.Errorf("nobody answers: got counts %+v", c)
		}
		stop()
	})
}

// TestReopen comes back after the server broke every connection, and after a
// goodbye.
func TestReopen(t *testing.T) {
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		const n = 50
		srv := begin(t, &server{serve: func(p *peer) {
			switch {
			case p.number < n:
				return
			case p.number < 2*n:
				p.Write(frame(0x88, "\x03\xe9"))
			}
			p.echo()
		}})
		s, _ := run(t, loadtest.Config{
			Address: srv.address, Sockets: n, Engine: engine, Reopen: true, Path: func(int) string { return "/" },
		})
		eventually(t, "everybody is back", func() bool {
			c := s.Counts()
			return c.Opened == 3*n && c.Open == n
		})
		if c := s.Counts(); c.Closed[1006] != n || c.Closed[1001] != n || c.GivenUp != 0 {
			t.Errorf("got counts %+v, want %d closed with 1006 and with 1001", c, n)
		}
		for i := range n {
			if _, err := s.Send(i, []byte("back")); err != nil {
				t.Errorf("socket %d: %v", i, err)
			}
		}
		eventually(t, "an answer on each", func() bool { return s.Counts().Messages == n })
	})
}
