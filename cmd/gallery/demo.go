package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"invisibleart.example/gallery/demo"
	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/ratelimit"
)

// demoCommand is `gallery demo`: a throw-away gallery full of works and people.
type demoCommand struct {
	Listen   string     `env:"GALLERY_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address to listen on; port 0 takes a free one (${default})."`
	LogLevel slog.Level `env:"GALLERY_LOG_LEVEL" default:"warn" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
}

// Run serves the demonstration until ctx ends.
func (d demoCommand) Run(ctx context.Context, io streams) error {
	return d.play(ctx, io, demo.Config{Program: program()})
}

// play serves a gallery from a temporary directory, which it removes at the
// end, whatever the end is, and lets the demonstration live in it.
func (d demoCommand) play(ctx context.Context, io streams, show demo.Config) (err error) {
	listener, err := listen(d.Listen)
	if err != nil {
		return err
	}
	data, err := os.MkdirTemp("", "gallery-demo-")
	if err != nil {
		listener.Close()
		return fmt.Errorf("make a directory for the demonstration: %w", err)
	}
	defer func() {
		if gone := os.RemoveAll(data); gone != nil {
			err = errors.Join(err, fmt.Errorf("remove the demonstration's data: %w", gone))
		}
	}()
	log := slog.New(slog.NewTextHandler(io.err, &slog.HandlerOptions{Level: d.LogLevel}))
	n, err := node.Open(ctx, node.Config{
		Data:   data,
		Listen: listener.Addr().String(),
		// The whole cast lives at one address, and so does the reader.
		Limits: ratelimit.Off(),
		Log:    log,
	})
	if err != nil {
		listener.Close()
		return err
	}
	show.URL, show.Out, show.Log = "http://"+reachable(listener.Addr()), io.out, log
	if _, err := fmt.Fprintln(io.out, "painting the first works, which takes a few seconds"); err != nil {
		log.Warn("cannot print", "error", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.Run(ctx, listener) })
	group.Go(func() error { return demo.Run(ctx, show) })
	return group.Wait()
}

// reachable is an address that clients on this machine can use: a listener on
// all interfaces names none.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
}

// program is how the reader calls this program, for the commands that the
// demonstration suggests.
func program() string {
	path, err := os.Executable()
	if err == nil && strings.Contains(filepath.ToSlash(path), "/go-build") {
		return "go run ./cmd/gallery"
	}
	return os.Args[0]
}
