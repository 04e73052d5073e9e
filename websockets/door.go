package websockets

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/problem"
	"invisibleart.example/gallery/ratelimit"
)

const (
	// handshakesAtOnce is how many handshakes may be asking the store at a
	// time: enough to keep it busy, few enough for the rest of the gallery to
	// be answered when ten thousand visitors come back after a deploy. The
	// others wait.
	handshakesAtOnce = 64
	// handshakeTimeout is how long a handshake may take and wait.
	handshakeTimeout = 10 * time.Second
	// retryAfter is what is asked of those who met a server that cannot now.
	retryAfter = 5 * time.Second
)

// endpoint opens a socket, or refuses.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// route finds who serves a path, with or without its last slash. The visit is
// that of the consumer behind the endpoint.
func (s *Server) route(path string) (*visit, endpoint) {
	name := strings.TrimSuffix(strings.TrimPrefix(path, "/ws/"), "/")
	if id, ok := strings.CutPrefix(name, "artwork/"); ok {
		c := &ArtworkConsumer{visit: visit{server: s}, artworkID: id}
		return &c.visit, s.auth.Optional(c.open)
	}
	if name == "notifications" {
		c := &NotificationConsumer{visit: visit{server: s}}
		return &c.visit, s.auth.Required(c.open)
	}
	return nil, nil
}

// admit takes a request through the doors one after the other: the cheap and
// general ones first, those that ask the store last.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (err error) {
	v, open := s.route(r.URL.Path)
	if v == nil {
		return gallery.Errorf(gallery.NotFound, "There is no such socket.")
	}
	if err := CheckHandshake(r); err != nil {
		return err
	}
	if !s.handshakes.enter() {
		return unavailable("The server is going away; try again in a moment.", nil)
	}
	defer s.handshakes.leave()
	if !s.origin.HostAllowed(r.Host) {
		return problem.Errorf(http.StatusMisdirectedRequest, "This server does not go by that name.")
	}
	if !s.origin.RequestAllowed(r) {
		return gallery.Errorf(gallery.Forbidden, "Pages of that origin may not talk to this server.")
	}
	defer func() {
		if err != nil {
			v.settle()
		}
	}()
	if err := s.countAddress(v, r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), handshakeTimeout)
	defer cancel()
	select {
	case s.admission <- struct{}{}:
		defer func() { <-s.admission }()
	case <-ctx.Done():
		return unavailable("The server is busy; try again in a moment.", context.Cause(ctx))
	}
	return open(w, r.WithContext(ctx))
}

// countAddress holds the limits per address; what it counts is owed by v.
func (s *Server) countAddress(v *visit, r *http.Request) error {
	address := s.peer.Key(r)
	if err := s.limits.HandshakesByAddress.Take(r.Context(), address); err != nil {
		return err
	}
	if !s.limits.SocketsByAddress.Acquire(address) {
		return ratelimit.Refusal(retryAfter)
	}
	v.owe(func() { s.limits.SocketsByAddress.Release(address) })
	return nil
}

// countUser holds the limit per user.
func (s *Server) countUser(v *visit, who auth.Identity) error {
	if who.IsAnonymous() {
		return nil
	}
	user := who.User.ID
	if !s.limits.SocketsByUser.Acquire(user) {
		return ratelimit.Refusal(retryAfter)
	}
	v.owe(func() { s.limits.SocketsByUser.Release(user) })
	return nil
}

// join makes m a member of the topic's group for as long as the visit lasts.
func (s *Server) join(ctx context.Context, v *visit, t topic, m member) error {
	place, err := s.hub.join(ctx, t, m)
	if err != nil {
		return err
	}
	v.owe(func() { s.hub.leave(place) })
	return nil
}

// trouble is what the server could not do for a handshake, through no fault of
// the visitor's.
type trouble struct {
	doing string
	err   error
}

func (t *trouble) Error() string { return t.doing + ": " + t.err.Error() }

func (t *trouble) Unwrap() error { return t.err }

// refusal turns what went wrong while doing something for a handshake into the
// answer. What the gallery says of the visitor passes; anything else is trouble,
// answered with 503, so that the client comes back instead of believing
// something wrong.
func refusal(doing string, err error) error {
	switch gallery.CodeOf(err) {
	case gallery.NotFound, gallery.Unauthorized, gallery.Forbidden, gallery.TooMany, gallery.Unavailable:
		return err
	}
	return unavailable("The gallery cannot be asked right now; try again in a moment.", &trouble{doing, err})
}

func unavailable(message string, cause error) error {
	return &gallery.Error{Code: gallery.Unavailable, Message: message, RetryAfter: retryAfter, Err: cause}
}

// refuse writes the answer to a handshake that has failed, and its one line in
// the log: an error when it was the server that failed.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	refused, malformed := errors.AsType[*HandshakeError](err)
	_, troubled := errors.AsType[*trouble](err)
	level := slog.LevelDebug
	if troubled || !malformed && problem.Status(err) == http.StatusInternalServerError {
		level = slog.LevelError
	}
	if r.Context().Err() != nil { // the client has gone away, and that is what failed
		level = slog.LevelDebug
	}
	s.log.Log(r.Context(), level, "handshake refused", "path", r.URL.Path, "address", s.peer.Address(r), "error", err)
	if malformed {
		refused.SetHeader(w.Header())
		problem.WriteStatus(w, r, refused.Status, refused.Message)
		return
	}
	problem.Write(w, r, err, nil)
}
