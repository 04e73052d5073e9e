package gallerytest

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/node"
)

// Options is what a test may want different. The zero value is a gallery of
// its own in the test's directory, without limits, quiet, with the real time.
type Options struct {
	// Data is the data directory, one of the test's own when empty. Whoever
	// starts a second gallery on the same data stops the first.
	Data string
	// Log gets the node's log at debug level.
	Log io.Writer
	// Change changes what the node is told, after everything else.
	Change func(*node.Config)
}

// Server is a whole gallery inside the test process.
type Server struct {
	House
	Node *node.Node

	stop  context.CancelFunc
	ended chan struct{}
	err   error
}

// Start starts a gallery on a free port of the loopback. It stops at the end of
// the test, and a stop that is not in good order fails the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	config := node.Config{
		Data:         o.Data,
		Listen:       listener.Addr().String(),
		PasswordCost: auth.Cost{MemoryKiB: 64, Time: 1, Threads: 1}, // a test is no burglar
	}
	if config.Data == "" {
		config.Data = t.TempDir()
	}
	if o.Log != nil {
		config.Log = slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if o.Change != nil {
		o.Change(&config)
	}
	n, err := node.Open(t.Context(), config)
	if err != nil {
		listener.Close()
		t.Fatalf("open the gallery: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{Node: n, stop: stop, ended: make(chan struct{})}
	s.House = Visit(t, "http://"+config.Listen)
	go func() {
		defer close(s.ended)
		s.err = n.Run(ctx, listener)
	}()
	t.Cleanup(func() { s.Stop(t) })
	return s
}

// Stop stops the gallery in good order and waits until it is gone. A second
// call does nothing.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.stop()
	s.Client.CloseIdleConnections() // the server waits for them otherwise
	select {
	case <-s.ended:
	case <-time.After(Patience):
		t.Fatalf("the gallery did not stop in %v", Patience)
	}
	if s.err != nil {
		t.Errorf("stop the gallery: %v", s.err)
		s.err = nil
	}
}
