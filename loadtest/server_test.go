package loadtest_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/loadtest"
)

// patience bounds what a test waits for.
const patience = 20 * time.Second

// server is a WebSocket server that does what the test says, byte by byte; it
// shares no code with the package, nor with the gallery.
type server struct {
	address string
	// refuse answers a handshake itself, with what it returns, unless that is "".
	refuse func(r *http.Request) string
	// serve has the socket until it returns; then the connection is cut.
	serve func(p *peer)

	listener net.Listener
	all      sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool
	number   int
}

// peer is one socket as the server sees it.
type peer struct {
	net.Conn
	t       testing.TB
	number  int // counts from 0, in the order of the handshakes
	request *http.Request
	in      *bufio.Reader
}

// begin starts a server that ends with the test.
func begin(t testing.TB, s *server) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener, s.address, s.conns = listener, listener.Addr().String(), map[net.Conn]bool{}
	s.all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			s.all.Go(func() { s.host(t, conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		s.mu.Lock()
		for conn := range s.conns {
			conn.Close()
		}
		s.mu.Unlock()
		s.all.Wait()
	})
	return s
}

func (s *server) host(t testing.TB, conn net.Conn) {
	defer func() {
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	in := bufio.NewReader(conn)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	if s.refuse != nil {
		if said := s.refuse(r); said != "" {
			io.WriteString(conn, said)
			return
		}
	}
	if r.Header.Get("Upgrade") == "" {
		return
	}
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept(r))
	s.mu.Lock()
	p := &peer{Conn: conn, t: t, number: s.number, request: r, in: in}
	s.number++
	s.mu.Unlock()
	s.serve(p)
}

func accept(r *http.Request) string {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// frame is a server frame, whatever is asked for.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

func text(payload string) []byte { return frame(0x81, payload) }

// say sends a text message.
func (p *peer) say(payload string) { p.Write(text(payload)) }

// hear reads the next frame; ok is false when there is none, or one that is not
// masked.
func (p *peer) hear() (opcode byte, payload string, ok bool) {
	var head [2]byte
	if _, err := io.ReadFull(p.in, head[:]); err != nil {
		return 0, "", false
	}
	n := uint64(head[1] & 0x7F)
	switch n {
	case 126:
		var b [2]byte
		io.ReadFull(p.in, b[:])
		n = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		io.ReadFull(p.in, b[:])
		n = binary.BigEndian.Uint64(b[:])
	}
	if head[1]&0x80 == 0 || head[0]&0x80 == 0 || n > 1<<20 {
		p.t.Errorf("the client sent a frame with the head % x", head)
		return 0, "", false
	}
	body := make([]byte, 4+n)
	if _, err := io.ReadFull(p.in, body); err != nil {
		return 0, "", false
	}
	for i := range body[4:] {
		body[4+i] ^= body[i&3]
	}
	return head[0] & 0x0F, string(body[4:]), true
}

// echo answers every text with itself and a close with its code, until the end.
func (p *peer) echo() {
	for {
		opcode, payload, ok := p.hear()
		switch {
		case !ok:
			return
		case opcode == 0x8:
			p.Write(frame(0x88, payload))
			return
		case opcode == 0x1:
			p.say(payload)
		}
	}
}

// engines runs a test on each engine there is.
func engines(t *testing.T, test func(t *testing.T, engine loadtest.Engine)) {
	t.Run("epoll", func(t *testing.T) {
		if _, err := loadtest.NewSwarm(loadtest.Config{
			Address: "127.0.0.1:1", Sockets: 1, Path: func(int) string { return "/" }, Engine: loadtest.Epoll,
		}); err != nil {
			t.Skip(err)
		}
		test(t, loadtest.Epoll)
	})
	t.Run("goroutines", func(t *testing.T) { test(t, loadtest.Goroutines) })
}
