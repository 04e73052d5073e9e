package node_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
)

// TestSlowBodies sends bodies a piece at a time, and measures on the bubble's
// clock when the server has enough.
func TestSlowBodies(t *testing.T) {
	const kib = 1 << 10
	for _, test := range []struct {
		name, path, contentType, head string
		piece                         int           // bytes sent at once
		every                         time.Duration // how often
		pieces                        int           // in all; 0: until the server has enough
		want                          int
		after                         time.Duration // when it is answered, to a second
	}{
		{"JSON that never ends", "/auth/refresh", "application/json", `{"refresh": "`, 1, time.Second, 0, 408, 15 * time.Second},
		{"JSON that arrives late", "/auth/refresh", "application/json", `{"refresh": "`, 1, time.Second, 13, 400, 13 * time.Second},
		{"an upload that stands still", "/artworks", "multipart/form-data; boundary=x", file, 0, time.Second, 0, 408, 10 * time.Second},
		{"an upload at half the rate", "/artworks", "multipart/form-data; boundary=x", file, 8 * kib, time.Second, 0, 408, 20 * time.Second},
		{"an upload just fast enough", "/artworks", "multipart/form-data; boundary=x", file, 16 * kib, time.Second, 40, 400, 40 * time.Second},
		{"an upload that begins fast and stands still", "/artworks", "multipart/form-data; boundary=x", file + strings.Repeat("a", 900*kib), 0, time.Second, 0, 408, 30 * time.Second},
		{"a body that nobody asked for", "/auth/ticket", "text/plain", "", 1, time.Second, 0, 201, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, listener := bubble(t)
				artist, err := n.Curator().Register(t.Context(), curator.Registration{
					Username: "artist", Email: "artist@example.com", Password: gallerytest.Password, IsArtist: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				conn := listener.dial()
				defer conn.Close()

				start := time.Now()
				stop := make(chan struct{})
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					length := len(test.head) + test.piece*test.pieces
					if test.pieces == 0 {
						length = len(test.head) + 60_000 + 100*test.piece // more than will ever be sent
					}
					fmt.Fprintf(conn, "POST /api/v1%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
						test.path, artist.Access, test.contentType, length, test.head)
					for n := 0; test.pieces == 0 || n < test.pieces; n++ {
						select {
						case <-stop:
							return
						case <-time.After(test.every):
						}
						if _, err := io.WriteString(conn, strings.Repeat("a", test.piece)); err != nil {
							return
						}
					}
				}()
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatalf("no answer: %v", err)
				}
				took := time.Since(start)
				response.Body.Close()
				if response.StatusCode != test.want {
					t.Errorf("got %d, want %d", response.StatusCode, test.want)
				}
				if took < test.after-time.Second || took > test.after+time.Second {
					t.Errorf("answered after %v, want about %v", took, test.after)
				}
				close(stop)
				conn.Close()
				<-ended
				if left, err := filepath.Glob(filepath.Join(n.DataDir(), "works", "*", "*", "*")); err != nil || len(left) > 0 {
					t.Errorf("left in the vault: %v (%v)", left, err)
				}
			})
		})
	}
}

// file begins an upload with its file.
const file = "--x\r\nContent-Disposition: form-data; name=artwork_file; filename=a\r\n\r\n"

// TestBodiesThatNeverCome announces a body on every kind of route and sends
// none of it: the answer does not wait for what nobody reads, and the
// connection is given up soon after.
func TestBodiesThatNeverCome(t *testing.T) {
	type stalled struct {
		name, request string
		want          int
		after         time.Duration // when it is answered; the connection ends 2 s later
	}
	requests := []stalled{
		{"a form", "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n", 408, 15 * time.Second},
		{"a page", "GET / HTTP/1.1\r\nHost: localhost\r\n", 200, 0},
		{"a page's head", "HEAD / HTTP/1.1\r\nHost: localhost\r\n", 200, 0},
		{"a page that nobody has", "POST /nowhere HTTP/1.1\r\nHost: localhost\r\n", 404, 0},
		{"a page's wrong method", "PUT / HTTP/1.1\r\nHost: localhost\r\n", 405, 0},
		{"signing out", "POST /sign-out HTTP/1.1\r\nHost: localhost\r\n", 303, 0},
		{"a form of another site", "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n", 403, 0},
		{"health", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n", 200, 0},
		{"readiness", "GET /readyz HTTP/1.1\r\nHost: localhost\r\n", 503, 0}, // nothing runs
		{"another origin", "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: https://elsewhere.example\r\n", 403, 0},
		{"another host", "GET / HTTP/1.1\r\nHost: elsewhere.example\r\n", 421, 0},
		{"a socket", "POST /ws/notifications/ HTTP/1.1\r\nHost: localhost\r\n", 405, 0},
		{"a socket's handshake", "GET /ws/notifications/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400, 0},
		{"the API's list", "GET /api/v1/artworks HTTP/1.1\r\nHost: localhost\r\n", 200, 0},
		{"the API's wrong method", "PUT /api/v1/artworks HTTP/1.1\r\nHost: localhost\r\n", 405, 0},
		{"no route of the API", "POST /api/v1/nowhere HTTP/1.1\r\nHost: localhost\r\n", 404, 0},
		{"the API without a token", "POST /api/v1/artworks HTTP/1.1\r\nHost: localhost\r\n", 401, 0},
		{"the document", "GET /docs HTTP/1.1\r\nHost: localhost\r\n", 200, 0},
		{"the server as a whole", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n", 204, 0},
		{"leave to go on", "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n", 404, 0},
	}
	for _, framing := range []string{"Content-Length: 1000", "Content-Length: 300000", "Transfer-Encoding: chunked"} {
		t.Run(framing, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, listener := bubble(t)
				for _, test := range requests {
					if test.want == 408 && framing == "Content-Length: 300000" {
						test.want, test.after = 413, 0 // not worth the wait
					}
					announce(t, listener.dial(), test.name, test.request+framing+"\r\n\r\n", test.want, test.after)
				}
			})
		})
	}
}

// announce sends the head of a request, and nothing of its body.
func announce(t *testing.T, conn net.Conn, name, head string, want int, after time.Duration) {
	t.Helper()
	defer conn.Close()
	start := time.Now()
	if _, err := io.WriteString(conn, head); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	method, _, _ := strings.Cut(head, " ")
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		t.Errorf("%s: no answer: %v", name, err)
		return
	}
	if got := time.Since(start); response.StatusCode != want || got != after {
		t.Errorf("%s: got %d after %v, want %d after %v", name, response.StatusCode, got, want, after)
	}
	if !response.Close {
		t.Errorf("%s: the answer does not say that the connection ends", name)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Errorf("%s: read the answer: %v", name, err)
	}
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Errorf("%s: behind the answer: %q, %v, want the end", name, rest, err)
	}
	// net/http takes half a second over its own goodbye.
	if got, most := time.Since(start), after+2500*time.Millisecond; got > most {
		t.Errorf("%s: the connection was there for %v, want at most %v", name, got, most)
	}
}

// TestConnectionsThatGoOn: what was read to its end leaves its connection, and
// the request behind it, alone; what may hide a second request from a proxy in
// front ends it.
func TestConnectionsThatGoOn(t *testing.T) {
	const next = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	const head = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for _, test := range []struct {
		name, request string
		want          int // answers, the next request's among them
	}{
		{"a body that was read", head + "Content-Length: 7\r\n\r\nemail=x", 2},
		{"no body", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 2},
		{"a body that was not", "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\nemail=x", 1},
		{"a body in chunks", head + "Transfer-Encoding: chunked\r\n\r\n7\r\nemail=x\r\n0\r\n\r\n", 1},
		{"a length and chunks", head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nemail=x\r\n0\r\n\r\n", 1},
		{"a length and nothing in chunks", head + "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
		{"a page in chunks", "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
		{"chunks in HTTP/1.0", "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, listener := bubble(t)
				conn := listener.dial()
				defer conn.Close()
				sent := make(chan struct{})
				go func() { // a pipe takes what is read at its other end, and the end may be gone
					defer close(sent)
					io.WriteString(conn, test.request+next)
				}()
				in, got := bufio.NewReader(conn), 0
				for ; got < 2; got++ {
					response, err := http.ReadResponse(in, nil)
					if err != nil {
						break
					}
					if _, err := io.Copy(io.Discard, response.Body); err != nil {
						t.Errorf("read answer %d: %v", got+1, err)
					}
				}
				if got != test.want {
					t.Errorf("got %d answers, want %d", got, test.want)
				}
				conn.Close()
				<-sent
			})
		})
	}
}

// bubble is a node that is open and serves pipes, which synctest can see
// waiting; its workers do not run.
func bubble(t *testing.T) (*node.Node, *pipes) {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{
		Data: t.TempDir(), MaxUpload: 1 << 20, PasswordCost: auth.Cost{MemoryKiB: 8, Time: 1, Threads: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	listener, server, served := newPipes(), node.Server(n), make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Close()
		<-served
	})
	return n, listener
}

// pipes is a listener whose connections are net.Pipes, which synctest can see
// waiting.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.made:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return pipeAddr{} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.made <- there
	return here
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
