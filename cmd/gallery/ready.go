package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// readyCommand is `gallery ready`: the health check where there is no curl.
type readyCommand struct {
	Listen string `env:"GALLERY_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDR" help:"The address that the gallery listens on (${default})."`
}

// readyPatience is more than the gallery takes to find out.
const readyPatience = 3 * time.Second

// Run asks a gallery on this machine whether it delivers, and fails when it does
// not.
func (r readyCommand) Run(ctx context.Context, streams streams) error {
	host, port, err := net.SplitHostPort(r.Listen)
	if err != nil {
		return fmt.Errorf("ask %s: %w", r.Listen, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // what listens everywhere listens there
	}
	address := net.JoinHostPort(host, port)
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the gallery: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("the gallery at %s is not ready: %s %s", address, response.Status, strings.TrimSpace(string(said)))
	}
	_, err = fmt.Fprintln(streams.out, "ready")
	return err
}
