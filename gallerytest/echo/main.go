// Command echo sends back whatever it is sent, over the very handshake, framing
// and connection code of the gallery, so that a conformance suite for RFC 6455
// can be run against it:
//
//	go run ./gallerytest/echo --listen 127.0.0.1:9001
//
// It serves /echo, takes text and binary messages of up to 16 MiB and any
// number of them, prints the address it listens on, and ends on SIGINT or
// SIGTERM.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("echo", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:9001", "the address to listen on")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintf(out, "echo on ws://%s/echo\n", listener.Addr())
	return newServer().run(ctx, listener)
}
