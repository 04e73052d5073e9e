package websockets_test

import (
	"io"
	"runtime"
	"testing"

	"invisibleart.example/gallery/websockets"
)

// BenchmarkSend writes a frame of 200 bytes to a live socket. The peer reads
// often enough that its kernel always takes the next one; its reading is in the
// time, and little of it.
func BenchmarkSend(b *testing.B) {
	for _, transport := range transports {
		b.Run(transport, func(b *testing.B) {
			c, w := connect(b, newEngine(b, websockets.Config{QueueMessages: 1000}), transport, newDiary())
			f := websockets.TextFrame(fill(200))
			buf := make([]byte, 256*f.Len())
			sent := 0
			b.ReportAllocs()
			for b.Loop() {
				if !c.Send(f) {
					b.Fatal("refused")
				}
				if sent++; sent%256 == 0 {
					if _, err := io.ReadFull(w.conn, buf); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkFanOut sends one frame to 1,000 sockets, which nobody reads before
// their kernel's buffers are half full.
func BenchmarkFanOut(b *testing.B) {
	e := newEngine(b, websockets.Config{})
	var conns []*websockets.Conn
	var clients []*wireClient
	for range 1000 {
		c, w := connect(b, e, "polled", newDiary())
		conns, clients = append(conns, c), append(clients, w)
	}
	f := websockets.TextFrame(fill(200))
	buf := make([]byte, 64<<10)
	rounds := 0
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range conns {
			if !c.Send(f) {
				b.Fatal("refused")
			}
		}
		if rounds++; rounds%200 == 0 {
			b.StopTimer()
			for _, w := range clients {
				if _, err := io.ReadFull(w.conn, buf[:200*f.Len()]); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(conns)), "ns/message")
}

// BenchmarkEcho sends a small message there and back.
func BenchmarkEcho(b *testing.B) {
	for _, transport := range transports {
		b.Run(transport, func(b *testing.B) {
			_, w := connect(b, newEngine(b, echoConfig()), transport, handlerFunc(echo))
			frame, answer := textFrame(string(fill(64))), make([]byte, 66)
			b.ReportAllocs()
			for b.Loop() {
				w.conn.Write(frame)
				if _, err := io.ReadFull(w.conn, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// echo keeps no diary.
func echo(c *websockets.Conn, _ bool, payload []byte) { c.Send(websockets.TextFrame(payload)) }

// handlerFunc is a handler that keeps no diary.
type handlerFunc func(c *websockets.Conn, binary bool, payload []byte)

func (f handlerFunc) Message(c *websockets.Conn, binary bool, payload []byte) { f(c, binary, payload) }
func (f handlerFunc) Opened(*websockets.Conn)                                 {}
func (f handlerFunc) Closed(*websockets.Conn)                                 {}

// BenchmarkIdle reports the user-space memory of a connection that waits:
// heap, and the stack of its goroutine. The client's end and its descriptor are
// in it too.
func BenchmarkIdle(b *testing.B) {
	for _, transport := range direct {
		b.Run(transport, func(b *testing.B) { benchmarkIdle(b, transport) })
	}
}

func benchmarkIdle(b *testing.B, transport string) {
	memory := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	const n = 2000
	for b.Loop() {
		e := newEngine(b, websockets.Config{})
		before := memory()
		var ends []io.Closer
		for range n {
			server, client := tcpPair(b)
			attach(e, transport, server, nil, handlerFunc(echo))
			client.Write(textFrame("hello"))
			var answer [7]byte
			if _, err := io.ReadFull(client, answer[:]); err != nil {
				b.Fatal(err)
			}
			ends = append(ends, client)
		}
		b.ReportMetric(float64(memory()-before)/n/1024, "KiB/socket")
		for _, c := range ends {
			c.Close()
		}
		if err := e.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
