package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"invisibleart.example/gallery/node"
)

// serveCommand is `gallery serve`.
type serveCommand struct {
	serveSettings
}

// Run serves until ctx ends, and prints two lines when the gallery is open:
// where it listens and where its data is. Everything else it has to say goes
// to the log on standard error.
func (s serveCommand) Run(ctx context.Context, io streams) error {
	config, err := s.config(io.err)
	if err != nil {
		return err
	}
	listener, err := listen(s.Listen)
	if err != nil {
		return err
	}
	// With port 0 the system chose one; the node must know the real address,
	// its own pages are told by it.
	config.Listen = listener.Addr().String()
	n, err := node.Open(ctx, config)
	if err != nil {
		listener.Close()
		return err
	}
	if _, err := fmt.Fprintf(io.out, "listening on http://%s\ndata in %s\n", config.Listen, n.Source()); err != nil {
		config.Log.Error("cannot print where the gallery is", "error", err)
	}
	return n.Run(ctx, listener)
}

// listen opens the address, and says what is wrong with it in few words.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		return listener, nil
	}
	// The innermost reason is the one to read: "address already in use".
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		err = e.Err
	}
	return nil, fmt.Errorf("listen on %s: %w", address, err)
}
