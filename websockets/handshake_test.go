package websockets_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/websockets"
)

// goodHead is the handshake of RFC 6455, section 1.2.
const goodHead = "GET /echo HTTP/1.1\r\nHost: gallery.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// heads are requests and the status each is answered with.
var heads = []struct {
	name   string
	change []string // what in goodHead becomes what
	status int
}{
	{"good", nil, 101},
	{"letter case", []string{"websocket", "WebSocket", "Connection: Upgrade", "connection: UPGRADE"}, 101},
	{"lists", []string{"Upgrade: websocket", "Upgrade: h2c, websocket", "Connection: Upgrade", "Connection: keep-alive , Upgrade"}, 101},
	{"lists on lines", []string{"Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade"}, 101},
	{"extensions and protocols offered", []string{"\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat, soap\r\n\r\n"}, 101},
	{"empty body announced", []string{"\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"}, 101},
	{"query", []string{"/echo", "/echo?token=x"}, 101},
	{"POST", []string{"GET", "POST"}, 405},
	{"HEAD", []string{"GET", "HEAD"}, 405},
	{"OPTIONS", []string{"GET", "OPTIONS"}, 405},
	{"lower-case method", []string{"GET", "get"}, 405},
	{"HTTP/1.0", []string{"HTTP/1.1", "HTTP/1.0"}, 400},
	{"body", []string{"\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nhi"}, 400},
	{"chunked body", []string{"\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}, 400},
	{"no upgrade at all", []string{"Upgrade: websocket\r\nConnection: Upgrade\r\n", ""}, 426},
	{"no upgrade", []string{"Upgrade: websocket\r\n", ""}, 426},
	{"another upgrade", []string{"websocket", "h2c"}, 426},
	{"almost a websocket", []string{"websocket", "websockets"}, 426},
	{"no connection", []string{"Connection: Upgrade\r\n", ""}, 400},
	{"connection without upgrade", []string{"Connection: Upgrade", "Connection: keep-alive"}, 400},
	{"version 8", []string{"Version: 13", "Version: 8"}, 426},
	{"version 0", []string{"Version: 13", "Version: 0"}, 426},
	{"version 14", []string{"Version: 13", "Version: 14"}, 426},
	{"version 013", []string{"Version: 13", "Version: 013"}, 400},
	{"version +13", []string{"Version: 13", "Version: +13"}, 400},
	{"version 256", []string{"Version: 13", "Version: 256"}, 400},
	{"version list", []string{"Version: 13", "Version: 13, 8"}, 400},
	{"version text", []string{"Version: 13", "Version: newest"}, 400},
	{"version empty", []string{"Version: 13", "Version:"}, 400},
	{"no version", []string{"Sec-WebSocket-Version: 13\r\n", ""}, 400},
	{"version twice", []string{"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13"}, 400},
	{"two versions", []string{"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nsec-websocket-version: 8"}, 400},
	{"no key", []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""}, 400},
	{"empty key", []string{"dGhlIHNhbXBsZSBub25jZQ==", ""}, 400},
	{"key of 15 bytes", []string{"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j"}, 400},
	{"key of 17 bytes", []string{"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZTE="}, 400},
	{"key of 18 bytes", []string{"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZTEy"}, 400},
	{"key without padding", []string{"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ"}, 400},
	{"key of another alphabet", []string{"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ-=="}, 400},
	{"key with a space", []string{"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBs ZSBub25jZQ=="}, 400},
	{"key twice", []string{"Sec-WebSocket-Key:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key:"}, 400},
	{"keys in one line", []string{"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="}, 400},
	{"no host", []string{"Host: gallery.example\r\n", ""}, 400},
}

// echoHandler answers as every server does: a refused handshake with its
// status, anything else with an echo.
func echoHandler(t testing.TB, e *websockets.Engine) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/plain" {
			fmt.Fprint(w, "plain")
			return
		}
		_, err := e.Upgrade(w, r, echoing())
		if refused, ok := errors.AsType[*websockets.HandshakeError](err); ok {
			refused.SetHeader(w.Header())
			http.Error(w, refused.Message, refused.Status)
		} else if err != nil {
			t.Errorf("upgrade: %v", err)
		}
	})
}

// serverTimeout is what net/http gives the requests of an echo server.
const serverTimeout = 200 * time.Millisecond

// echoServer is a server with timeouts, so that deadlines are left behind.
func echoServer(t testing.TB, cfg websockets.Config) *httptest.Server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startEchoServer(t, cfg, l)
}

func startEchoServer(t testing.TB, cfg websockets.Config, l net.Listener) *httptest.Server {
	s := &httptest.Server{Listener: l, Config: &http.Server{ReadTimeout: serverTimeout, WriteTimeout: serverTimeout}}
	t.Cleanup(s.Close)
	s.Config.Handler = echoHandler(t, newEngine(t, cfg))
	s.Start()
	return s
}

func TestHandshake(t *testing.T) {
	s := echoServer(t, websockets.Config{})
	for _, test := range heads {
		t.Run(test.name, func(t *testing.T) {
			head := goodHead
			for i := 0; i < len(test.change); i += 2 {
				changed := strings.Replace(head, test.change[i], test.change[i+1], 1)
				if changed == head {
					t.Fatalf("%q is not in the request", test.change[i])
				}
				head = changed
			}
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			io.WriteString(conn, head)
			method, _, _ := strings.Cut(head, " ")
			answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != test.status {
				t.Fatalf("got status %d, want %d", answer.StatusCode, test.status)
			}
			wantFields := map[int]map[string]string{
				101: {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-Websocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
					"Sec-Websocket-Extensions": "", "Sec-Websocket-Protocol": ""},
				405: {"Allow": "GET"},
				426: {"Upgrade": "websocket", "Sec-Websocket-Version": "13"},
				400: {"Sec-Websocket-Accept": ""},
			}
			for field, want := range wantFields[test.status] {
				if got := answer.Header.Get(field); got != want {
					t.Errorf("%s: got %q, want %q", field, got, want)
				}
			}
		})
	}
}

// TestUpgradeReadsWhatCameWithIt sends the first frames in the same packet as
// the handshake: net/http has them in its buffer by then. The last one is cut,
// and its rest comes later.
func TestUpgradeReadsWhatCameWithIt(t *testing.T) {
	s := echoServer(t, websockets.Config{})
	for _, cut := range []int{0, 1, 3, 8} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		w := newWireClient(t, conn)
		last := textFrame("last one")
		w.write([]byte(goodHead), textFrame("first"), clientFrame(pingOp, true, []byte("p")), last[:cut])
		if _, err := http.ReadResponse(w.in, nil); err != nil {
			t.Fatal(err)
		}
		w.want(textOp, "first")
		w.want(pongOp, "p")
		w.write(last[cut:])
		w.want(textOp, "last one")
		conn.Close()
	}
}

// TestUpgradeAfterOrdinaryRequests keeps a connection alive through an ordinary
// request and a refused handshake, and lets the timeouts of net/http pass.
func TestUpgradeAfterOrdinaryRequests(t *testing.T) {
	synctest.Test(t, upgradeAfterOrdinaryRequests)
}

func upgradeAfterOrdinaryRequests(t *testing.T) {
	p := newPipes()
	startEchoServer(t, websockets.Config{}, p)
	w := newWireClient(t, p.connect())
	refused := strings.Replace(goodHead, "Version: 13", "Version: 12", 1)
	for _, request := range []struct {
		head   string
		status int
	}{
		{"GET /plain HTTP/1.1\r\nHost: gallery.example\r\n\r\n", 200}, {refused, 426}, {goodHead, 101},
	} {
		w.write([]byte(request.head))
		answer, err := http.ReadResponse(w.in, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
		if answer.StatusCode != request.status {
			t.Fatalf("got status %d, want %d", answer.StatusCode, request.status)
		}
	}
	time.Sleep(2 * serverTimeout)
	w.write(textFrame("still there"))
	w.want(textOp, "still there")
}

// TestUpgradeAfterTheEnd completes the handshake, or the client would not
// understand the close frame behind it.
func TestUpgradeAfterTheEnd(t *testing.T) {
	e := newEngine(t, websockets.Config{})
	e.CloseAll(websockets.CloseGoingAway, "deploy")
	s := httptest.NewServer(echoHandler(t, e))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w := newWireClient(t, conn)
	w.write([]byte(goodHead), textFrame("anybody there?"))
	if answer, err := http.ReadResponse(w.in, nil); err != nil || answer.StatusCode != 101 {
		t.Fatalf("got %v, %v", answer, err)
	}
	w.wantClose(websockets.CloseGoingAway)
	conn.Close()
}

// TestUpgradeNeedsAConnection gives an error that is not the client's fault.
func TestUpgradeNeedsAConnection(t *testing.T) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(goodHead)))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	_, err = newEngine(t, websockets.Config{}).Upgrade(w, r, newDiary())
	if _, refused := errors.AsType[*websockets.HandshakeError](err); err == nil || refused {
		t.Errorf("got %v, want an error of the server", err)
	}
	if w.Body.Len() > 0 {
		t.Errorf("%q was written", w.Body)
	}
}

// FuzzHandshake reads any bytes as a request. What is let through is a
// handshake; what is not has a status that says so.
func FuzzHandshake(f *testing.F) {
	for _, test := range heads {
		f.Add([]byte(strings.NewReplacer(test.change...).Replace(goodHead)))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
		if err != nil {
			return
		}
		err = websockets.CheckHandshake(r)
		if err == nil {
			key, _ := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
			if r.Method != "GET" || !r.ProtoAtLeast(1, 1) || r.ContentLength != 0 || len(key) != 16 ||
				r.Header.Get("Sec-WebSocket-Version") != "13" ||
				!strings.Contains(strings.ToLower(strings.Join(r.Header["Upgrade"], ",")), "websocket") ||
				!strings.Contains(strings.ToLower(strings.Join(r.Header["Connection"], ",")), "upgrade") {
				t.Fatalf("let through:\n%s", head)
			}
			return
		}
		refused, ok := errors.AsType[*websockets.HandshakeError](err)
		if !ok || refused.Status != 400 && refused.Status != 405 && refused.Status != 426 || refused.Message == "" {
			t.Fatalf("got %#v", err)
		}
	})
}

func BenchmarkCheckHandshake(b *testing.B) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(goodHead)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := websockets.CheckHandshake(r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHandshake opens and drops connections over loopback, client's part
// included.
func BenchmarkHandshake(b *testing.B) {
	s := echoServer(b, websockets.Config{})
	answer := make([]byte, 512)
	b.ReportAllocs()
	for b.Loop() {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		conn.(*net.TCPConn).SetLinger(0) // no port is left in TIME_WAIT
		io.WriteString(conn, goodHead)
		if n, err := conn.Read(answer); err != nil || !bytes.HasPrefix(answer[:n], []byte("HTTP/1.1 101")) {
			b.Fatalf("got %q, %v", answer[:n], err)
		}
		conn.Close()
	}
}
