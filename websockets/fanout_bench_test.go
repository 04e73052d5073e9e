package websockets_test

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/websockets"
)

// BenchmarkBroadcast is the cost of telling n sockets of one announcement, from
// the publishing call until it returns: opening the envelope, framing it once,
// one write for each socket.
func BenchmarkBroadcast(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("sockets=%d", n), func(b *testing.B) {
			h := openHouse(b, websockets.Settings{Conn: websockets.Config{PingInterval: time.Hour}})
			token, _ := h.wall.enrol("frida", time.Hour)
			for range n {
				line := h.raw(b, "/ws/notifications/?token="+token)
				go io.Copy(io.Discard, line) // ends with the socket
			}
			for b.Loop() {
				b.StopTimer()
				a := h.wall.announce(strings.Repeat("x", 100))
				b.StartTimer()
				h.broadcast(b, a)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/message")
			h.stop()
		})
	}
}

// BenchmarkPublishToSocket is the time from the publishing of a notification to
// its last byte at the client.
func BenchmarkPublishToSocket(b *testing.B) {
	h := openHouse(b, websockets.Settings{Conn: websockets.Config{PingInterval: time.Hour}})
	token, who := h.wall.enrol("frida", time.Hour)
	line := h.raw(b, "/ws/notifications/?token="+token)
	skipFrame(b, line)
	for b.Loop() {
		b.StopTimer()
		n := h.wall.notify(who.User.ID, 1)
		b.StartTimer()
		h.tell(b, n...)
		skipFrame(b, line)
	}
	b.StopTimer()
	h.stop()
}

// BenchmarkArtworkHandshake opens and closes artwork sockets.
func BenchmarkArtworkHandshake(b *testing.B) {
	h := openHouse(b, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	for b.Loop() {
		s, _ := h.watch(b, a.ID)
		s.conn.CloseNow()
	}
	b.StopTimer()
	h.stop()
}

// skipFrame reads one frame of up to 64 KiB from the server.
func skipFrame(b *testing.B, line *bufio.Reader) {
	b.Helper()
	var head [4]byte
	if _, err := io.ReadFull(line, head[:2]); err != nil {
		b.Fatal(err)
	}
	size := int(head[1])
	if size == 126 {
		if _, err := io.ReadFull(line, head[2:]); err != nil {
			b.Fatal(err)
		}
		size = int(head[2])<<8 | int(head[3])
	}
	if _, err := line.Discard(size); err != nil {
		b.Fatal(err)
	}
}
