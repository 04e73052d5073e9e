package websockets_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/websockets"
)

// diary is a handler that writes down what happens on a connection.
type diary struct {
	onOpened  func(c *websockets.Conn)                              // may be nil
	onMessage func(c *websockets.Conn, binary bool, payload []byte) // may be nil

	mu       sync.Mutex
	messages []string
	closed   int
	late     int // messages after Closed
	done     chan struct{}
}

func newDiary() *diary { return &diary{done: make(chan struct{})} }

func echoing() *diary {
	d := newDiary()
	d.onMessage = func(c *websockets.Conn, binary bool, payload []byte) {
		if binary {
			c.Send(websockets.BinaryFrame(payload))
		} else {
			c.Send(websockets.TextFrame(payload))
		}
	}
	return d
}

func (d *diary) Message(c *websockets.Conn, binary bool, payload []byte) {
	d.mu.Lock()
	d.messages = append(d.messages, string(payload))
	if d.closed > 0 {
		d.late++
	}
	d.mu.Unlock()
	if d.onMessage != nil {
		d.onMessage(c, binary, payload)
	}
}

func (d *diary) Opened(c *websockets.Conn) {
	if d.onOpened != nil {
		d.onOpened(c)
	}
}

func (d *diary) Closed(*websockets.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed++; d.closed == 1 {
		close(d.done)
	}
}

// ended waits for Closed and checks that it came once, and nothing after it.
func (d *diary) ended(t *testing.T) {
	t.Helper()
	select {
	case <-d.done:
	case <-time.After(20 * time.Second):
		t.Fatal("Closed was not called")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed != 1 || d.late != 0 {
		t.Errorf("Closed %d times with %d messages after it, want once and none", d.closed, d.late)
	}
}

func (d *diary) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.messages)
}

// transports are the ways a connection's bytes come and go: as this system does
// it best; by a goroutine that waits at the descriptor; through any net.Conn.
var transports = append(direct, "plain")

// direct are those of them that have the descriptor.
var direct = []string{"polled", "goroutine"}

// everyWay runs a test for each way of having the descriptor.
func everyWay(t *testing.T, test func(t *testing.T, transport string)) {
	for _, transport := range direct {
		t.Run(transport, func(t *testing.T) { test(t, transport) })
	}
}

// attach serves a connection in the given way.
func attach(e *websockets.Engine, transport string, conn net.Conn, early []byte, h websockets.Handler) *websockets.Conn {
	switch transport {
	case "plain":
		return e.Attach(hidden{conn.(*net.TCPConn)}, early, h)
	case "goroutine":
		return e.AttachGoroutine(conn, early, h)
	}
	return e.Attach(conn, early, h)
}

// hidden is a TCP connection that does not look like one.
type hidden struct{ *net.TCPConn }

// newEngine makes an engine and, when the test is over, waits until nothing of
// it is left.
func newEngine(t testing.TB, cfg websockets.Config) *websockets.Engine {
	t.Helper()
	e := websockets.NewEngine(cfg)
	t.Cleanup(func() {
		e.CloseAll(websockets.CloseGoingAway, "the test is over")
		if err := e.Wait(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return e
}

// tcpPair is a connection over loopback, server's end first.
func tcpPair(t testing.TB) (server, client *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

// connect attaches h to a new connection and returns both its ends.
func connect(t testing.TB, e *websockets.Engine, transport string, h websockets.Handler) (*websockets.Conn, *wireClient) {
	t.Helper()
	server, client := tcpPair(t)
	w := newWireClient(t, client)
	return attach(e, transport, server, nil, h), w
}

// wireClient is a client without any manners: it writes bytes and reads frames.
type wireClient struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func newWireClient(t testing.TB, conn net.Conn) *wireClient {
	t.Cleanup(func() { conn.Close() })
	return &wireClient{t, conn, bufio.NewReader(conn)}
}

// write writes bytes. A server that has refused what came before may have gone.
func (w *wireClient) write(frames ...[]byte) {
	w.conn.SetWriteDeadline(time.Now().Add(20 * time.Second))
	w.conn.Write(join(frames...))
}

// serverFrame is a frame from the server; its zero value is the end.
type serverFrame struct {
	op      byte
	payload string
}

func (f serverFrame) String() string { return fmt.Sprintf("{%X %.40q}", f.op, f.payload) }

// next reads one frame, and io.EOF as the zero frame. It holds the server to
// what it may send: whole, unmasked, in the shortest form.
func (w *wireClient) next() serverFrame {
	w.t.Helper()
	f, err := w.read()
	if err != nil && !errors.Is(err, io.EOF) {
		w.t.Fatalf("read a frame: %v", err)
	}
	return f
}

func (w *wireClient) read() (serverFrame, error) {
	w.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	var head [2]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil {
		return serverFrame{}, err
	}
	if head[0]&0xF0 != 0x80 || head[1]&0x80 != 0 {
		return serverFrame{}, fmt.Errorf("header % x is not whole and unmasked", head)
	}
	length := int(head[1])
	switch length {
	case 126:
		var b [2]byte
		if _, err := io.ReadFull(w.in, b[:]); err != nil {
			return serverFrame{}, err
		}
		length = int(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		if _, err := io.ReadFull(w.in, b[:]); err != nil {
			return serverFrame{}, err
		}
		length = int(binary.BigEndian.Uint64(b[:]))
	}
	payload := make([]byte, length)
	_, err := io.ReadFull(w.in, payload)
	return serverFrame{head[0] & 0xF, string(payload)}, err
}

// want reads a frame and compares it.
func (w *wireClient) want(op byte, payload string) {
	w.t.Helper()
	if got, want := w.next(), (serverFrame{op, payload}); got != want {
		w.t.Fatalf("got frame %v, want %v", got, want)
	}
}

// wantClose reads the close frame with code, and the end after it.
func (w *wireClient) wantClose(code int) {
	w.t.Helper()
	f := w.next()
	if got := closeCode(f); got != code {
		w.t.Fatalf("got frame %v (close code %d), want close code %d", f, got, code)
	}
	if f := w.next(); f != (serverFrame{}) {
		w.t.Errorf("got frame %v after the close frame, want the end", f)
	}
}

// closeCode is the code of a close frame, 1005 without one, -1 for another.
func closeCode(f serverFrame) int {
	switch {
	case f.op != closeOp:
		return -1
	case f.payload == "":
		return websockets.CloseNoStatus
	}
	return int(binary.BigEndian.Uint16([]byte(f.payload)))
}

// fill is n bytes of text.
func fill(n int) []byte { return bytes.Repeat([]byte("*"), n) }
