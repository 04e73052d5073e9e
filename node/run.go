package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// headPatience is how long a client may take over the head of a request, a
	// WebSocket handshake included.
	headPatience = 10 * time.Second
	// maxHead is the size of the longest request head that is read, in bytes;
	// over it the answer is 431 (docs/protocol.md, "Sockets").
	maxHead = 16 << 10
	// idlePatience is how long a connection may stay open between requests.
	idlePatience = 2 * time.Minute
	// stopPatience bounds the two halves of the stop: saying goodbye to the
	// clients, and finishing what they started. Together they stay under the
	// ten seconds that a supervisor usually waits.
	stopPatience  = 6 * time.Second
	drainPatience = 3 * time.Second
)

var errStopping = errors.New("the node is stopping")

// Run serves on the listener until ctx ends, then stops in good order: new
// sockets are refused with 503 and open ones closed with 1001, requests under
// way are answered, what they caused is committed and told, the store is
// closed. It takes less than ten seconds over that and returns nil; an error
// means that something failed, not that it was told to stop. The node is
// closed afterwards, whatever happened.
func (n *Node) Run(ctx context.Context, listener net.Listener) error {
	// The workers outlive ctx: they end after the last request has.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	failed, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	var workers errgroup.Group
	for _, w := range n.workers {
		workers.Go(func() error {
			err := w.run(work)
			if work.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
				return nil
			}
			if err == nil {
				err = errors.New("ended by itself")
			}
			err = fmt.Errorf("%s: %w", w.doing, err)
			fail(err) // one part missing is no gallery: stop the others as well
			return err
		})
	}

	server := n.server()
	served := make(chan error, 1)
	go func() {
		err := server.Serve(listener)
		if !errors.Is(err, http.ErrServerClosed) {
			fail(err)
			served <- fmt.Errorf("serve: %w", err)
			return
		}
		served <- nil
	}()

	<-failed.Done()
	n.stopping.Store(true)
	goodbye := n.sayGoodbye(server)
	err := errors.Join(<-served, goodbye)
	stopWork()
	return errors.Join(err, n.finish(&workers), n.Close())
}

// server is the http.Server with the limits of this house.
func (n *Node) server() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // TLS, and HTTP/2 with it, ends in front
	return &http.Server{
		Handler:           n.handler,
		Protocols:         protocols,
		ReadHeaderTimeout: headPatience,
		IdleTimeout:       idlePatience,
		// Its answer to OPTIONS * would wait for a body as long as it likes to come.
		DisableGeneralOptionsHandler: true,
		// The server reads this and one buffer of 4 KiB before it answers 431.
		MaxHeaderBytes: maxHead - 4<<10,
		// A client's broken request is not the operator's business.
		ErrorLog: slog.NewLogLogger(n.config.Log.Handler(), slog.LevelDebug),
	}
}

// sayGoodbye closes sockets and requests side by side. Who has not gone by the
// end of stopPatience is cut off, which is no failure of the node: it said so.
func (n *Node) sayGoodbye(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	var goodbyes errgroup.Group
	goodbyes.Go(func() error { return n.sockets.Shutdown(ctx) })
	goodbyes.Go(func() error {
		if err := server.Shutdown(ctx); err != nil {
			return errors.Join(err, server.Close())
		}
		return nil
	})
	err := goodbyes.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		n.config.Log.Warn("cut off clients that did not go in time")
		return nil
	}
	return err
}

// finish waits for the workers, and gives up on one that hangs: a store that
// is closed under it is safe, a process that never ends is not.
func (n *Node) finish(workers *errgroup.Group) error {
	done := make(chan error, 1)
	go func() { done <- workers.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(drainPatience):
		return errors.New("stop: the workers did not end in time")
	}
}
