package websockets_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"invisibleart.example/gallery/websockets"
)

// A client that shares no code with the server.

func dialForeign(t *testing.T, url string, options *websocket.DialOptions) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/echo", options)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(-1)
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func TestForeignClientIsEchoed(t *testing.T) {
	s := echoServer(t, websockets.Config{MaxMessage: 4 << 20, Binary: true, QueueBytes: 16 << 20})
	for name, mode := range map[string]websocket.CompressionMode{
		"plain": websocket.CompressionDisabled, "offering compression": websocket.CompressionContextTakeover,
	} {
		t.Run(name, func(t *testing.T) {
			c := dialForeign(t, s.URL, &websocket.DialOptions{CompressionMode: mode, Subprotocols: []string{"chat"}})
			if got := c.Subprotocol(); got != "" {
				t.Errorf("subprotocol %q was chosen", got)
			}
			for _, n := range []int{0, 1, 125, 126, 4096, 65536, 1 << 20} {
				for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
					sent := make(chan error, 1)
					go func() { sent <- c.Write(t.Context(), kind, fill(n)) }()
					got, payload, err := c.Read(t.Context())
					if err != nil || got != kind || !bytes.Equal(payload, fill(n)) {
						t.Fatalf("%v of %d: got %v of %d, %v", kind, n, got, len(payload), err)
					}
					if err := <-sent; err != nil {
						t.Fatal(err)
					}
				}
			}
			ctx := c.CloseRead(t.Context())
			if err := c.Ping(ctx); err != nil {
				t.Errorf("ping: %v", err)
			}
		})
	}
}

func TestForeignClientCloses(t *testing.T) {
	s := echoServer(t, websockets.Config{})
	c := dialForeign(t, s.URL, nil)
	if err := c.Close(4321, "bye"); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestForeignClientIsClosed(t *testing.T) {
	tests := map[string]struct {
		do   func(ctx context.Context, c *websocket.Conn) error
		want websocket.StatusCode
	}{
		"binary": {func(ctx context.Context, c *websocket.Conn) error {
			return c.Write(ctx, websocket.MessageBinary, []byte{1})
		}, websockets.CloseUnsupported},
		"too big": {func(ctx context.Context, c *websocket.Conn) error {
			return c.Write(ctx, websocket.MessageText, fill(4097))
		}, websockets.CloseTooBig},
		"bad text": {func(ctx context.Context, c *websocket.Conn) error {
			return c.Write(ctx, websocket.MessageText, []byte{0xFF})
		}, websockets.CloseInvalidText},
	}
	s := echoServer(t, websockets.Config{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := dialForeign(t, s.URL, nil)
			if err := test.do(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			_, _, err := c.Read(t.Context())
			if got := websocket.CloseStatus(err); got != test.want {
				t.Errorf("got %v (%v), want %v", got, err, test.want)
			}
		})
	}
}
