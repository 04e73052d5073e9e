package websockets_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
	"time"

	client "github.com/coder/websocket"

	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/websockets"
)

// patience is how long a message may take on a machine that is busy with other
// tests.
const patience = 20 * time.Second

// house is a running server of sockets.
type house struct {
	wall   *wall
	broker *bells
	events *websockets.EventHandler
	server *websockets.Server
	limits *ratelimit.Limits
	addr   string
	ended  chan struct{}
	stop   func()
}

// openHouse starts a server without limits on what one address may do; a test
// of the limits gives its own in settings.
func openHouse(t testing.TB, settings websockets.Settings) *house {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return openHouseOn(t, settings, l)
}

func openHouseOn(t testing.TB, settings websockets.Settings, l net.Listener) *house {
	t.Helper()
	policy, err := origin.New("", nil, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	settings.Origin = policy
	settings.Conn.Goroutines = *goroutines
	if settings.Limits == nil {
		settings.Limits = ratelimit.New(ratelimit.Table{}, nil, nil)
	}
	h := &house{wall: newWall(), broker: newBells(), limits: settings.Limits, addr: l.Addr().String(), ended: make(chan struct{})}
	h.events = websockets.NewEventHandler(h.broker)
	if h.server, err = websockets.NewServer(h.wall, h.broker, settings); err != nil {
		t.Fatal(err)
	}
	site := httptest.NewUnstartedServer(h.server)
	site.Listener.Close()
	site.Listener = l
	site.Start()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(h.ended)
		if err := h.server.Run(ctx); err != nil {
			t.Errorf("Run: got error %v, want none", err)
		}
	}()
	h.stop = sync.OnceFunc(func() {
		cancel()
		<-h.ended
		site.Close()
		if n := h.broker.subscriptions(); n != 0 {
			t.Errorf("subscriptions left at the broker when all sockets have gone: got %d, want 0", n)
		}
	})
	t.Cleanup(h.stop)
	return h
}

// socket is the client's end of a socket.
type socket struct {
	t    testing.TB
	conn *client.Conn
}

// try opens a socket and returns what the server answers.
func (h *house) try(t testing.TB, path string, header http.Header) (*socket, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, response, err := client.Dial(ctx, "ws://"+h.addr+path, &client.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, response, err
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { conn.CloseNow() })
	return &socket{t, conn}, response, nil
}

// dial opens a socket that must open.
func (h *house) dial(t testing.TB, path string) *socket {
	t.Helper()
	s, _, err := h.try(t, path, nil)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	return s
}

// watch opens the socket of an artwork and returns it with its first status.
func (h *house) watch(t testing.TB, id string) (*socket, map[string]any) {
	t.Helper()
	s := h.dial(t, "/ws/artwork/"+id+"/")
	return s, s.next()
}

// listen opens a notifications socket and takes its welcome.
func (h *house) listen(t testing.TB, token, query string) *socket {
	t.Helper()
	s := h.dial(t, "/ws/notifications/?token="+token+query)
	s.want(`{"type": "welcome", "message": "Connected to notification service"}`)
	return s
}

// read returns the next message, or how the socket ended.
func (s *socket) read() (map[string]any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, data, err := s.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(data, &m)
}

// next is the next message; there must be one.
func (s *socket) next() map[string]any {
	s.t.Helper()
	m, err := s.read()
	if err != nil {
		s.t.Fatalf("next message: got error %v", err)
	}
	return m
}

// want takes the next message and compares it as JSON.
func (s *socket) want(text string) {
	s.t.Helper()
	got := s.next()
	var want map[string]any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		s.t.Fatalf("want %s: %v", text, err)
	}
	if !reflect.DeepEqual(got, want) {
		s.t.Fatalf("next message: got %v, want %v", got, want)
	}
}

// wantClose takes messages until the socket closes, which must be with code.
func (s *socket) wantClose(code int) {
	s.t.Helper()
	for {
		_, err := s.read()
		if err == nil {
			continue
		}
		if got := client.CloseStatus(err); int(got) != code {
			s.t.Errorf("close code: got %d (%v), want %d", got, err, code)
		}
		return
	}
}

func (s *socket) say(message string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.conn.Write(ctx, client.MessageText, []byte(message)); err != nil {
		s.t.Fatalf("send %.60q: %v", message, err)
	}
}

// quiet checks that nothing has been said that was not taken: the answer to
// check_status must be the next message. For artwork sockets.
func (s *socket) quiet() {
	s.t.Helper()
	s.say(`{"type": "check_status"}`)
	if m := s.next(); m["type"] != "artwork_status" {
		s.t.Errorf("next message: got %v, want the artwork_status that was asked for", m)
	}
}

// bells is the broker of one node, of which a test may say that it was cut off.
type bells struct {
	pubsub.Broker
	mu     sync.Mutex
	open   map[pubsub.Subscription]pubsub.Subscriber
	broken error
}

func newBells() *bells {
	return &bells{Broker: pubsub.NewMemory(), open: map[pubsub.Subscription]pubsub.Subscriber{}}
}

type bell struct {
	pubsub.Subscription
	bells *bells
}

func (b *bells) Subscribe(ctx context.Context, channel string, s pubsub.Subscriber) (pubsub.Subscription, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return nil, b.broken
	}
	subscription, err := b.Broker.Subscribe(ctx, channel, s)
	if err != nil {
		return nil, err
	}
	rope := &bell{subscription, b}
	b.open[rope] = s
	return rope, nil
}

func (r *bell) Unsubscribe() {
	r.Subscription.Unsubscribe()
	r.bells.mu.Lock()
	defer r.bells.mu.Unlock()
	delete(r.bells.open, r)
}

// resubscribe tells every subscriber that it may have missed something.
func (b *bells) resubscribe() {
	b.mu.Lock()
	var all []pubsub.Subscriber
	for _, s := range b.open {
		all = append(all, s)
	}
	b.mu.Unlock()
	for _, s := range all {
		s.Resubscribed()
	}
}

func (b *bells) subscriptions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

func (b *bells) breakDown(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = err
}

var errBroken = errors.New("the disk is on fire")

// eventually waits for something that no message tells of.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// hasType tells whether a message is of a type.
func hasType(m map[string]any, kind string) bool { return m["type"] == kind }
