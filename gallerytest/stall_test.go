//go:build unix

package gallerytest_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/gallerytest"
)

// reader is a WebSocket client with as little around the connection as can be,
// so that five hundred of them fit beside the server they watch.
type reader struct {
	conn net.Conn
	in   *bufio.Reader
}

// narrowed gives a connection the segments and the window of a small device on
// a real network: with those of the loopback the kernels would hold megabytes
// for one who never reads.
func narrowed(_, _ string, c syscall.RawConn) (err error) {
	control := func(fd uintptr) {
		err = errors.Join(
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1400),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 16<<10))
	}
	if failed := c.Control(control); failed != nil {
		return failed
	}
	return err
}

// listenRaw opens a notifications socket.
func listenRaw(t *testing.T, p *gallerytest.Person, narrow bool) reader {
	t.Helper()
	host := strings.TrimPrefix(p.URL, "http://")
	dialer := net.Dialer{}
	if narrow {
		dialer.Control = narrowed
	}
	conn, err := dialer.DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /ws/notifications/?token=%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", url.QueryEscape(p.Access), host)
	in := bufio.NewReaderSize(conn, 16<<10)
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: got %v (%v), want 101", response, err)
	}
	return reader{conn, in}
}

// next reads the next frame that is no ping, and answers pings on the way.
func (r reader) next() (opcode byte, payload []byte, err error) {
	for {
		opcode, payload, err = r.frame()
		if err != nil || opcode != opPing {
			return opcode, payload, err
		}
		// A pong without a payload, masked with zeros as a client must.
		if _, err = r.conn.Write([]byte{0x80 | opPong, 0x80, 0, 0, 0, 0}); err != nil {
			return 0, nil, err
		}
	}
}

// The opcodes of RFC 6455, section 5.2.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// frame reads one frame.
func (r reader) frame() (opcode byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return 0, nil, err
	}
	length := uint64(head[1] & 0x7f)
	switch length {
	case 126:
		var long [2]byte
		_, err = io.ReadFull(r.in, long[:])
		length = uint64(binary.BigEndian.Uint16(long[:]))
	case 127:
		err = errors.New("a frame of 64 KiB or more")
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(r.in, payload)
	return head[0] & 0x0f, payload, err
}

// TestStalledReaderCostsTheOthersNothing: one client stops reading beside five
// hundred who read. They all get everything, at once; it is dropped.
func TestStalledReaderCostsTheOthersNothing(t *testing.T) {
	const good = 500
	s := gallerytest.Start(t, gallerytest.Options{})
	admin, err := s.Node.Curator().CreateUser(t.Context(), curator.Registration{
		Username: "admin", Email: "admin@example.com", Password: gallerytest.Password,
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	speaker := s.Login(t, admin.Username)
	visitor := s.Register(t, "visitor")

	var got [good]atomic.Int64
	var group sync.WaitGroup
	readers := make([]reader, good)
	for i := range readers {
		readers[i] = listenRaw(t, visitor, false)
		group.Go(func() {
			for {
				opcode, payload, err := readers[i].next()
				if err != nil || opcode != opText {
					return
				}
				if strings.Contains(string(payload), "system_message") {
					got[i].Add(1)
				}
			}
		})
	}
	defer group.Wait()
	defer func() {
		for _, r := range readers {
			r.conn.Close()
		}
	}()
	stalled := listenRaw(t, visitor, true)
	defer stalled.conn.Close()

	// Each message is about 8 KB: the queue of 1 MiB is full after 130 or so,
	// and what the kernels hold for one who has never read comes on top.
	const messages = 180
	text := strings.Repeat("🌙", 2000)
	var longest time.Duration
	for n := int64(1); n <= messages; n++ {
		start := time.Now()
		speaker.Do(t, "POST", "/admin/broadcast", map[string]any{"message": text}, http.StatusAccepted, nil)
		for i := range got {
			for got[i].Load() < n {
				if time.Since(start) > gallerytest.Patience {
					t.Fatalf("message %d: reader %d still has %d", n, i, got[i].Load())
				}
				time.Sleep(100 * time.Microsecond)
			}
		}
		longest = max(longest, time.Since(start))
	}
	t.Logf("slowest of %d messages to %d readers beside a stalled one: %v", messages, good, longest)
	// Whoever waited for the stalled one would wait ten seconds.
	if longest > 5*time.Second {
		t.Errorf("a message took %v to reach everybody, want at most 5s", longest)
	}
	for i := range got {
		if n := got[i].Load(); n != messages {
			t.Errorf("reader %d got %d messages, want %d", i, n, messages)
		}
	}

	// The stalled one was dropped: what the kernels held comes, then the end,
	// with 4408 where there was room to say it.
	if err := stalled.conn.SetReadDeadline(time.Now().Add(gallerytest.Patience)); err != nil {
		t.Fatal(err)
	}
	received := 0
	defer func() { t.Logf("the stalled socket got %d messages", received) }()
	for {
		opcode, payload, err := stalled.next()
		if e, ok := err.(net.Error); ok && e.Timeout() {
			t.Fatalf("the stalled socket is still open, after %d messages", received)
		}
		if err != nil {
			break
		}
		if opcode == opClose {
			if code := binary.BigEndian.Uint16(payload); code != 4408 {
				t.Errorf("the stalled socket was closed with %d, want 4408", code)
			}
			break
		}
		received++
	}
	if received >= messages {
		t.Errorf("the stalled socket got all %d messages: it was never stalled", received)
	}
}
