package loadtest_test

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/loadtest"
)

// TestConfig_refused: what cannot be is said before anything is opened.
func TestConfig_refused(t *testing.T) {
	root := func(int) string { return "/" }
	for name, test := range map[string]struct {
		config loadtest.Config
		want   string
	}{
		"no port":         {loadtest.Config{Address: "127.0.0.1", Sockets: 1, Path: root}, "not host:port"},
		"no host":         {loadtest.Config{Address: ":80", Sockets: 1, Path: root}, "not host:port"},
		"unknown port":    {loadtest.Config{Address: "127.0.0.1:nothing", Sockets: 1, Path: root}, "look up"},
		"port 0":          {loadtest.Config{Address: "127.0.0.1:0", Sockets: 1, Path: root}, "not an address to connect to"},
		"everywhere":      {loadtest.Config{Address: "0.0.0.0:80", Sockets: 1, Path: root}, "not an address to connect to"},
		"no sockets":      {loadtest.Config{Address: "127.0.0.1:80", Path: root}, "at least 1"},
		"no path":         {loadtest.Config{Address: "127.0.0.1:80", Sockets: 1}, "no path"},
		"negative":        {loadtest.Config{Address: "127.0.0.1:80", Sockets: 1, Path: root, Rate: -1}, "negative"},
		"rate and ramp":   {loadtest.Config{Address: "127.0.0.1:80", Sockets: 1, Path: root, Rate: 1, Ramp: 1}, "exclude each other"},
		"header":          {loadtest.Config{Address: "127.0.0.1:80", Sockets: 1, Path: root, Header: http.Header{"X": {"a\r\nb"}}}, "line break"},
		"sources abroad":  {loadtest.Config{Address: "192.0.2.1:80", Sockets: 1, Path: root, Sources: 2}, "loopback"},
		"many sources":    {loadtest.Config{Address: "127.0.0.1:80", Sockets: 1, Path: root, Sources: 255}, "at most 254"},
		"ports abroad":    {loadtest.Config{Address: "192.0.2.1:80", Sockets: 70_000, Path: root}, "ports"},
		"files":           {loadtest.Config{Address: "127.0.0.1:80", Sockets: 3_000_000, Path: root}, "3000000 sockets need 3000"},
		"secret and poll": {loadtest.Config{Address: "127.0.0.1:80", Sockets: 1, Path: root, Engine: loadtest.Epoll, TLS: &tls.Config{}}, "epoll"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "files" && runtime.GOOS == "windows" {
				t.Skip("no limit here")
			}
			_, err := loadtest.NewSwarm(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got error %v, want one line with %q", err, test.want)
			}
		})
	}
}

// TestSources takes turns with the addresses of the loopback.
func TestSources(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("the loopback has one address here")
	}
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		var mu sync.Mutex
		from := map[string]int{}
		srv := begin(t, &server{serve: func(p *peer) {
			host, _, _ := net.SplitHostPort(p.RemoteAddr().String())
			mu.Lock()
			from[host]++
			mu.Unlock()
			p.echo()
		}})
		s, stop := run(t, loadtest.Config{
			Address: srv.address, Sockets: 30, Sources: 3, Engine: engine, Path: func(int) string { return "/" },
		})
		settled(t, s)
		stop()
		mu.Lock()
		defer mu.Unlock()
		if from["127.0.0.1"] != 10 || from["127.0.0.2"] != 10 || from["127.0.0.3"] != 10 || len(from) != 3 {
			t.Errorf("sockets came from %v, want 10 from each of three addresses", from)
		}
	})
}

// TestPace holds the handshakes to a rate, and to so many at once.
func TestPace(t *testing.T) {
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		srv := begin(t, &server{serve: (*peer).echo})
		began := time.Now()
		s, stop := run(t, loadtest.Config{
			Address: srv.address, Sockets: 31, Rate: 100, Engine: engine, Path: func(int) string { return "/" },
		})
		settled(t, s)
		// 30 pauses of 10 ms, of which a late start may catch up with 100 ms.
		if took := time.Since(began); took < 200*time.Millisecond {
			t.Errorf("31 handshakes at 100 a second took %v", took)
		}
		stop()

		var mu sync.Mutex
		now, most := 0, 0
		slow := begin(t, &server{
			refuse: func(*http.Request) string {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(2 * time.Millisecond) // so that they meet
				mu.Lock()
				now--
				mu.Unlock()
				return ""
			},
			serve: (*peer).echo,
		})
		s, _ = run(t, loadtest.Config{
			Address: slow.address, Sockets: 40, InFlight: 3, Engine: engine, Path: func(int) string { return "/" },
		})
		settled(t, s)
		mu.Lock()
		defer mu.Unlock()
		if most > 3 || most < 2 {
			t.Errorf("%d handshakes were under way at once, want up to 3", most)
		}
	})
}

// TestLag has the kernel say how long messages waited.
func TestLag(t *testing.T) {
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		if engine != loadtest.Epoll {
			t.Skip("epoll only")
		}
		srv := begin(t, &server{serve: (*peer).echo})
		const busy = 30 * time.Millisecond
		s, _ := run(t, loadtest.Config{
			Address: srv.address, Sockets: 2, LagEvery: 1, Engine: engine, Path: func(int) string { return "/" },
			OnMessage: func(int, int64, []byte) { time.Sleep(busy) }, // what callbacks must not do
		})
		settled(t, s)
		// The kernel begins to stamp a moment after it was asked to.
		sent := int64(0)
		var longest, waited time.Duration
		eventually(t, "the second of two messages waited while the first was handled", func() bool {
			for i := range 2 {
				if _, err := s.Send(i, []byte("x")); err != nil {
					t.Fatal(err)
				}
				sent++
			}
			eventually(t, "both answers", func() bool { return s.Counts().Messages == sent })
			lag := s.TakeLag()
			longest = max(longest, lag.Longest)
			for _, wait := range lag.Waits {
				waited = max(waited, wait)
			}
			return waited >= busy/2 && longest >= busy
		})
		if waited > patience {
			t.Errorf("messages waited up to %v, want about %v", waited, busy)
		}
	})
}

// TestNotOpen is about sockets that are not there.
func TestNotOpen(t *testing.T) {
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		srv := begin(t, &server{serve: (*peer).echo})
		s, stop := run(t, loadtest.Config{Address: srv.address, Sockets: 1, Engine: engine, Path: func(int) string { return "/" }})
		settled(t, s)
		stop()
		if _, err := s.Send(0, nil); !errors.Is(err, loadtest.ErrNotOpen) {
			t.Errorf("send after the end: got %v, want ErrNotOpen", err)
		}
		if err := s.Stall(0, true); !errors.Is(err, loadtest.ErrNotOpen) {
			t.Errorf("stall after the end: got %v, want ErrNotOpen", err)
		}
		if _, err := s.Send(1, nil); err == nil || errors.Is(err, loadtest.ErrNotOpen) {
			t.Errorf("send from a socket that was never there: got %v", err)
		}
		if err := s.Run(t.Context()); err == nil {
			t.Error("it ran twice")
		}
	})
}
