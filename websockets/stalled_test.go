package websockets_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/websockets"
)

// TestStalledReader: one client that takes nothing, beside five hundred that
// do. They get everything as if it were not there; it is closed with 4408, and
// costs no more memory than its queue. Notifications of its own fill what the
// kernels hold for it, so that it stops taking in the midst of what all get.
func TestStalledReader(t *testing.T) {
	const good, messages, own = 500, 120, 25
	// The counter is how the test learns that the server has given one up.
	h := openHouse(t, websockets.Settings{
		Limits: ratelimit.New(ratelimit.Table{SocketsByUser: good}, nil, nil),
		Conn:   websockets.Config{PingInterval: time.Hour}, // the bytes are compared, and a ping is bytes
	})
	token, who := h.wall.enrol("frida", time.Hour)
	stalled := h.dial(t, "/ws/notifications/?token="+token) // and nobody reads it
	lines := make([]*bufio.Reader, good)
	others, _ := h.wall.enrol("diego", time.Hour)
	for i := range lines {
		lines[i] = h.raw(t, "/ws/notifications/?token="+others)
	}
	before := heap()

	// What everybody must get, byte for byte: the frames of the welcome and of
	// each message.
	sizes := int64(2 + len(`{"type":"welcome","message":"Connected to notification service"}`))
	padding := strings.Repeat("x", 2000)
	text := func(i int) string { return fmt.Sprintf("message %03d; %s", i, padding) }
	sizes += messages * int64(4+len(`{"type":"notification","message":"","data":{"type":"system_message"},"id":"","created_at":"2026-01-01T00:00:00.000Z"}`)+len(newID())+len(text(0)))

	var readers sync.WaitGroup
	got := make([][]byte, good)
	for i, line := range lines {
		readers.Go(func() {
			got[i] = make([]byte, sizes)
			if n, err := io.ReadFull(line, got[i]); err != nil {
				t.Errorf("good reader %d: got %d of %d bytes (%v)", i, n, sizes, err)
			}
		})
	}
	// Once the stalled one is given up it reads: what the kernel held, and the
	// close frame.
	givenUp := -1
	var slowest time.Duration
	for i := range messages {
		a := h.wall.announce(text(i))
		start := time.Now()
		h.broadcast(t, a)
		slowest = max(slowest, time.Since(start))
		for _, n := range h.wall.notify(who.User.ID, own) {
			n.Message = padding
			h.tell(t, n)
		}
		if givenUp < 0 && h.limits.SocketsByUser.Held(who.User.ID) == 0 {
			givenUp = i
			readers.Go(func() { stalled.wantClose(websockets.CloseTooSlow) })
		}
	}
	readers.Wait()
	if givenUp < 0 {
		t.Errorf("after %d messages of %d bytes the stalled socket is still open", messages, len(padding))
	}
	for i := range got {
		if !bytes.Equal(got[i], got[0]) {
			t.Errorf("good reader %d got other bytes than the first", i)
		}
	}
	for i := range messages {
		if !bytes.Contains(got[0], []byte(text(i))) {
			t.Errorf("good readers: message %d is missing", i)
		}
	}
	if slowest > 5*time.Second {
		t.Errorf("slowest fan-out beside a stalled reader: got %v, want far less than its write deadline of 10s", slowest)
	}
	t.Logf("%d messages to %d sockets: slowest fan-out %v; the stalled one given up at message %d", messages, good, slowest, givenUp)
	clear(got)
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("memory grown by a stalled reader: got %d KiB, want at most its queue of 1 MiB and noise", grown>>10)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// raw opens a socket and returns its bytes, for tests where five hundred
// WebSocket clients would cost more than the server.
func (h *house) raw(t testing.TB, path string) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(3 * patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, h.addr)
	bytes := bufio.NewReader(conn)
	response, err := http.ReadResponse(bytes, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("open a raw socket: got %v (%v), want 101", response, err)
	}
	return bytes
}
