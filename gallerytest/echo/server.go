package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"invisibleart.example/gallery/websockets"
)

const (
	// maxMessage is the largest message of the usual conformance suites.
	maxMessage = 16 << 20
	// maxQueue leaves room for the one message that may wait: the peer is held
	// up until its echo is out.
	maxQueue = 2 * maxMessage
	// stopTime is how long peers get to close.
	stopTime = 8 * time.Second
)

type server struct{ engine *websockets.Engine }

func newServer() *server {
	return &server{websockets.NewEngine(websockets.Config{
		MaxMessage: maxMessage, Binary: true, QueueBytes: maxQueue,
	})}
}

// ServeHTTP upgrades, or says in plain text why not.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, err := s.engine.Upgrade(w, r, echo{})
	if refused, ok := errors.AsType[*websockets.HandshakeError](err); ok {
		refused.SetHeader(w.Header())
		http.Error(w, refused.Message, refused.Status)
	} else if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// run serves listener until ctx is done, then says goodbye to everybody. There
// is no heartbeat: a client that answers a ping before it reads on, while it is
// itself held up in writing, would wait for us and we for it.
func (s *server) run(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("/echo", s)
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		s.engine.CloseAll(websockets.CloseGoingAway, "the echo ends")
		return errors.Join(web.Shutdown(patience), s.engine.Wait(patience))
	})
	return group.Wait()
}

// echo is the handler of every connection.
type echo struct{}

// Message sends the message back and waits until the peer has taken it, so that
// a peer that only writes fills its own buffers and not the server's memory.
func (echo) Message(c *websockets.Conn, binary bool, payload []byte) {
	frame := websockets.TextFrame
	if binary {
		frame = websockets.BinaryFrame
	}
	if c.Send(frame(payload)) {
		// It fails only when the connection closes; then there is no next message.
		_ = c.Drain(context.Background())
	}
}

// Closed has nothing to clean up.
func (echo) Opened(*websockets.Conn) {}

func (echo) Closed(*websockets.Conn) {}
