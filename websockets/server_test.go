package websockets_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/coder/websocket"

	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/websockets"
)

func TestNewServerRefuses(t *testing.T) {
	policy, err := origin.New("", nil, "127.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func() (*websockets.Server, error){
		"no gallery": func() (*websockets.Server, error) {
			return websockets.NewServer(nil, pubsub.NewMemory(), websockets.Settings{Origin: policy})
		},
		"no broker": func() (*websockets.Server, error) {
			return websockets.NewServer(newWall(), nil, websockets.Settings{Origin: policy})
		},
		"no origins": func() (*websockets.Server, error) {
			return websockets.NewServer(newWall(), pubsub.NewMemory(), websockets.Settings{})
		},
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

func TestShutdown(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	token, who := h.wall.enrol("frida", time.Hour)
	h.wall.notify(who.User.ID, 200)
	watching, _ := h.watch(t, a.ID)
	all := []*socket{watching, h.listen(t, token, ""), h.listen(t, token, "&since=0")}

	// One whose handshake is under way when the shutdown begins.
	reading, goOn := make(chan struct{}), make(chan struct{})
	h.wall.onStateRead(func(string) { close(reading); <-goOn })
	opening := make(chan *socket)
	go func() {
		s, _, err := h.try(t, "/ws/artwork/"+a.ID+"/", nil)
		if err != nil {
			t.Errorf("handshake that was under way: got %v, want a socket", err)
		}
		opening <- s
	}()
	<-reading
	h.wall.onStateRead(nil)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var ends sync.WaitGroup
	defer ends.Wait()
	ends.Go(func() {
		if err := h.server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: got error %v, want none", err)
		}
	})
	for _, s := range all {
		s.wantClose(websockets.CloseGoingAway)
	}
	response := h.wantRefusal(t, "/ws/artwork/"+a.ID+"/", nil, http.StatusServiceUnavailable)
	if response.Header.Get("Retry-After") == "" {
		t.Error("503 while shutting down: got no Retry-After, want one")
	}
	close(goOn)
	if s := <-opening; s != nil {
		s.wantClose(websockets.CloseGoingAway)
	}
}

// TestShutdownIsBounded: a handshake that hangs in the store does not keep the
// server from ending.
func TestShutdownIsBounded(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	reading, goOn := make(chan struct{}), make(chan struct{})
	h.wall.onStateRead(func(string) { close(reading); <-goOn })
	var visitor sync.WaitGroup
	visitor.Go(func() {
		if s, _, err := h.try(t, "/ws/artwork/"+a.ID+"/", nil); err == nil {
			s.conn.CloseNow()
		}
	})
	<-reading
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := h.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown behind a hanging store: got error %v, want %v", err, context.DeadlineExceeded)
	}
	close(goOn)
	visitor.Wait()
}

// pipes is a listener for clients in the same bubble of synctest, where a
// network would not stand still with the clock.
type pipes struct {
	net.Listener // for the address
	conns        chan net.Conn
	closed       chan struct{}
	once         sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

// connect waits until the server has accepted, and returns the client's end.
func (p *pipes) connect() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

func (p *pipes) dial(t *testing.T, path string) *socket {
	t.Helper()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return p.connect(), nil
	}}
	conn, _, err := client.Dial(t.Context(), "ws://127.0.0.1:8080"+path, &client.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	return &socket{t, conn}
}

// TestTokenExpiry on nodes whose own clock is right, and five seconds ahead and
// behind of the one that dates tokens.
func TestTokenExpiry(t *testing.T) {
	for _, ahead := range []time.Duration{0, 5 * time.Second, -5 * time.Second} {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tokenExpiry(t, ahead) })
		})
	}
}

func tokenExpiry(t *testing.T, ahead time.Duration) {
	now := func() time.Time { return time.Now().Add(-ahead) }
	p := newPipes()
	h := openHouseOn(t, websockets.Settings{Now: now, Conn: websockets.Config{PingInterval: 9000 * time.Hour}}, p)
	a := h.wall.hang("Nocturne")
	token, who := h.wall.enrol("frida", time.Hour)
	notifications := p.dial(t, "/ws/notifications/?token="+token)
	notifications.want(`{"type": "welcome", "message": "Connected to notification service"}`)
	watching := p.dial(t, "/ws/artwork/"+a.ID+"/?token="+token)
	watching.next()

	_, _, err := notifications.conn.Read(t.Context())
	if got, want := client.CloseStatus(err), websockets.CloseSignedOut; int(got) != want {
		t.Errorf("notifications socket: got %v, want close code %d", err, want)
	}
	if late := now().Sub(who.ExpiresAt); late < 0 || late > time.Second {
		t.Errorf("notifications socket closed %v after the token's end, want within a second", late)
	}

	// The artwork socket goes on as an anonymous one.
	time.Sleep(time.Hour)
	watching.quiet()
	h.tellReveal(t, h.wall.reveal(a.ID))
	if m := watching.next(); !hasType(m, "artwork_revealed") {
		t.Errorf("artwork socket after the token's end: got %v, want artwork_revealed", m)
	}
	watching.conn.CloseNow()
	h.stop()
}

// TestJoinsAndLeaves comes and goes on few works from many goroutines, so that
// groups die and are born all the time; each visitor must hear the reveal that
// happens while it is there. Nothing may be left afterwards (see house.stop).
func TestJoinsAndLeaves(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 25 {
				a := h.wall.hang("Nocturne")
				var visitors sync.WaitGroup
				for i := range 3 {
					s, status := h.watch(t, a.ID)
					if i == 2 {
						h.tellReveal(t, h.wall.reveal(a.ID))
					}
					visitors.Go(func() {
						if i < 2 {
							s.conn.CloseNow() // the group may die here and now
							return
						}
						if m := s.next(); !hasType(m, "artwork_revealed") {
							t.Errorf("status %v, then %v, want artwork_revealed", status, m)
						}
						s.conn.CloseNow()
					})
				}
				visitors.Wait()
			}
		})
	}
	all.Wait()
	eventually(t, "every subscription is given up", func() bool { return h.broker.subscriptions() == 0 })
}

// TestLogKeepsSecrets: whatever happens, no token, query, ticket or message is
// written to the log.
func TestLogKeepsSecrets(t *testing.T) {
	var log lockedBuffer
	h := openHouse(t, websockets.Settings{Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	a := h.wall.hang("Nocturne")
	token, who := h.wall.enrol("frida", time.Hour)
	s := h.listen(t, token, "&since=0&secret=query")
	h.wantRefusal(t, "/ws/notifications/?token=secret-token", nil, http.StatusUnauthorized)
	h.wantRefusal(t, "/ws/notifications/?ticket=secret-ticket&token="+token, nil, http.StatusUnauthorized)
	h.wantRefusal(t, "/ws/notifications/?secret-%zz", nil, http.StatusUnauthorized)
	h.wantRefusal(t, "/ws/artwork/"+newID()+"/?token="+token, nil, http.StatusNotFound)
	h.wall.breakDown(errBroken)
	h.wantRefusal(t, "/ws/artwork/"+a.ID+"/?token="+token, nil, http.StatusServiceUnavailable)
	s.say(`{"type": "mark_read", "up_to": 7, "x": "secret-message"}`)
	s.wantClose(websockets.CloseServerBusy)
	h.stop()
	text := log.String()
	for _, secret := range []string{token, "secret", "since", "up_to"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %q: %s", secret, text)
		}
	}
	for _, wanted := range []string{errBroken.Error(), who.User.ID, a.ID} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the log does not hold %q: %s", wanted, text)
		}
	}
}

// TestRefusalIsLoggedOnce: an error where the server has failed, a line for
// debugging where the visitor was refused, and one of either.
func TestRefusalIsLoggedOnce(t *testing.T) {
	var log lockedBuffer
	h := openHouse(t, websockets.Settings{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	a := h.wall.hang("Nocturne")
	h.wantRefusal(t, "/ws/artwork/"+newID()+"/", nil, http.StatusNotFound)
	h.wall.breakDown(errBroken)
	h.wantRefusal(t, "/ws/artwork/"+a.ID+"/", nil, http.StatusServiceUnavailable)
	h.stop()
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	wants := [][]string{{"level=DEBUG"}, {"level=ERROR", "read the artwork: " + errBroken.Error(), a.ID}}
	if len(lines) != len(wants) {
		t.Fatalf("got %d lines, want %d: %s", len(lines), len(wants), log.String())
	}
	for i, parts := range wants {
		for _, part := range parts {
			if !strings.Contains(lines[i], part) {
				t.Errorf("line %d: got %s, want it to hold %q", i+1, lines[i], part)
			}
		}
	}
}

// TestPanicIsLoggedWithoutTheMessage: a panic's value may quote a client's
// bytes, and then the log gets its type.
func TestPanicIsLoggedWithoutTheMessage(t *testing.T) {
	for name, c := range map[string]struct {
		panics func()
		want   string
	}{
		"text":     {func() { panic("what the client wrote: secret") }, "panic=string"},
		"an error": {func() { panic(errors.New("secret")) }, "panic=*errors.errorString"},
		"the runtime's": {func() {
			var none []int
			_ = none[len("secret")]
		}, "index out of range [6] with length 0"},
	} {
		t.Run(name, func(t *testing.T) {
			var log lockedBuffer
			h := openHouse(t, websockets.Settings{Log: slog.New(slog.NewTextHandler(&log, nil))})
			s, _ := h.watch(t, h.wall.hang("Nocturne").ID)
			h.wall.onStateRead(func(string) { c.panics() })
			s.say(`{"type": "check_status"}`)
			s.wantClose(websockets.CloseInternal)
			h.stop()
			if text := log.String(); !strings.Contains(text, c.want) || strings.Contains(text, "secret") {
				t.Errorf("got log %s, want it to hold %q and no secret", text, c.want)
			}
		})
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
