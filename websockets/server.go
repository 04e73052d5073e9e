package websockets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/peer"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/ratelimit"
)

// Settings are what a Server may be told beyond the gallery and the broker it
// serves. Every field but Origin may be left out.
type Settings struct {
	// Origin says under which names the server answers and which pages may
	// open sockets. Required: without it any page could read a visitor's
	// notifications.
	Origin *origin.Policy
	// Peer tells whose sockets are counted together; nil trusts no proxy.
	Peer *peer.Resolver
	// Limits are shared with the rest of the node; nil makes the defaults.
	Limits *ratelimit.Limits
	// Conn is how the connections behave; its zero value is what
	// docs/protocol.md promises. The frame rate comes from Limits.
	Conn Config
	// Log gets what went wrong, never a token, a query or a message. nil
	// discards it.
	Log *slog.Logger
	// Now is the clock that dates credentials, which all nodes should share:
	// their sockets close at the same moment then. nil is time.Now.
	Now func() time.Time
}

// Server answers the specification's two addresses, /ws/artwork/<artwork_id>/
// and /ws/notifications/, and owns every socket it opened. Its methods are safe
// for concurrent use.
type Server struct {
	gallery Gallery
	engine  *Engine
	hub     *hub
	auth    *JWTAuthMiddleware
	origin  *origin.Policy
	peer    *peer.Resolver
	limits  *ratelimit.Limits
	log     *slog.Logger
	now     func() time.Time

	admission  chan struct{} // a slot for each handshake that may read the store
	handshakes crew
	errands    crew

	// Who asks again, after the store was found away.
	reading, writing turns

	// ctx is that of everything a socket does in the store; it ends when the
	// last socket has gone.
	ctx    context.Context
	cancel context.CancelFunc
}

// NewServer makes a server of the sockets of g, told of what happens through b.
// Run must be running while it serves.
func NewServer(g Gallery, b pubsub.Broker, settings Settings) (*Server, error) {
	if g == nil || b == nil {
		return nil, errors.New("make websocket server: gallery and broker are required")
	}
	if settings.Origin == nil {
		return nil, errors.New("make websocket server: an origin policy is required")
	}
	s := &Server{
		gallery:   g,
		auth:      &JWTAuthMiddleware{gallery: g, origin: settings.Origin},
		origin:    settings.Origin,
		peer:      settings.Peer,
		limits:    settings.Limits,
		now:       settings.Now,
		log:       cmp.Or(settings.Log, slog.New(slog.DiscardHandler)),
		admission: make(chan struct{}, handshakesAtOnce),
		reading:   make(turns, turnsAtOnce),
		writing:   make(turns, turnsAtOnce),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.limits == nil {
		s.limits = ratelimit.New(ratelimit.Defaults(), settings.Now, nil)
	}
	conn := settings.Conn
	if rule := s.limits.MessagesBySocket; rule.Burst > 0 {
		conn.FrameRate, conn.FrameBurst = rule.Rate(), rule.Burst
	}
	conn.Panicked = s.panicked
	s.engine = NewEngine(conn)
	s.hub = newHub(s, b)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

func (s *Server) panicked(value any, stack []byte) {
	s.log.Error("a client's message caused a panic", "panic", panicText(value), "stack", string(stack))
}

// panicText is what the log may hold of a panic: the runtime's own errors name
// types and numbers, any other value may quote the client's bytes.
func panicText(value any) string {
	if err, ok := value.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", value)
}

const (
	// stopTimeout is how long Run waits for the sockets to close. A peer that
	// says nothing any more is given up by its connection before that.
	stopTimeout = 8 * time.Second
	// lastErrands is how long it then waits for what they asked of the store, a
	// mark_read for one, unless the store is away.
	lastErrands = time.Second
)

// Run pings the sockets until ctx ends. Then it shuts down, unless Shutdown was
// called before, and returns when every goroutine of the server has ended, or
// with an error when a connection has not within 8 seconds.
func (s *Server) Run(ctx context.Context) error {
	err := s.engine.Run(ctx)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err = errors.Join(err, s.Shutdown(stop))
	done := s.errands.close()
	select {
	case <-done:
	case <-time.After(lastErrands):
	}
	s.cancel()
	<-done
	return err
}

// Shutdown answers new handshakes with 503 and closes the open sockets with
// 1001. It returns when all are gone, or with an error when ctx ends before.
// Further calls wait for the same.
func (s *Server) Shutdown(ctx context.Context) error {
	left := s.handshakes.close()
	// Those whose handshake is under way are closed as soon as they are open.
	s.engine.CloseAll(CloseGoingAway, "the server is going away")
	select {
	case <-left:
	case <-ctx.Done():
		return fmt.Errorf("wait for websocket handshakes: %w", context.Cause(ctx))
	}
	if err := s.engine.Wait(ctx); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// until is how long it is until a credential ends.
func (s *Server) until(end time.Time) time.Duration { return end.Sub(s.now()) }

// spawn runs work on a goroutine that Run waits for; false once Run is over
// and there is nobody to wait.
func (s *Server) spawn(work func(ctx context.Context)) bool {
	if !s.errands.enter() {
		return false
	}
	go func() {
		defer s.errands.leave()
		work(s.ctx)
	}()
	return true
}

// ServeHTTP answers everything under /ws/: with a socket, or with a refusal
// that has a real status, before the upgrade (docs/protocol.md, "Sockets").
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.admit(w, r); err != nil {
		s.refuse(w, r, err)
	}
}
