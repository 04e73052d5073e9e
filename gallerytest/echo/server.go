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
	// maxQueue and maxWaiting leave room for what may wait: the answers to what
	// is read at once, which a peer may send before it is held up.
	maxQueue   = 2 * maxMessage
	maxWaiting = 4096
	// stopTime is how long peers get to close.
	stopTime = 8 * time.Second
)

type server struct{ engine *websockets.Engine }

func newServer() *server {
	return &server{websockets.NewEngine(websockets.Config{
		MaxMessage: maxMessage, Binary: true,
		QueueBytes: maxQueue, QueueMessages: maxWaiting, HoldSlow: true,
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

// Opened says nothing.
func (echo) Opened(*websockets.Conn) {}

// Message sends the message back. A peer that only writes is held up by the
// engine: it fills its own buffers and not the server's memory.
func (echo) Message(c *websockets.Conn, binary bool, payload []byte) {
	if binary {
		c.Send(websockets.BinaryFrame(payload))
	} else {
		c.Send(websockets.TextFrame(payload))
	}
}

// Closed has nothing to clean up.
func (echo) Closed(*websockets.Conn) {}
