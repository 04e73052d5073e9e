package websockets_test

import (
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/websockets"
)

// stalledPair is a connection whose kernel buffers are small, so that a peer
// that does not read is noticed soon.
func stalledPair(t *testing.T, e *websockets.Engine, transport string, h websockets.Handler) (*websockets.Conn, *wireClient) {
	t.Helper()
	server, client := tcpPair(t)
	server.SetWriteBuffer(4 << 10)
	client.SetReadBuffer(4 << 10)
	w := newWireClient(t, client)
	return attach(e, transport, server, nil, h), w
}

// TestConnStalledReader never reads: the sender is not held up for one call,
// the queue stays within its bounds, the connection ends with 4408 and its
// memory goes, while others on the same engine get everything.
func TestConnStalledReader(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			e := newEngine(t, websockets.Config{})
			d := newDiary()
			c, w := stalledPair(t, e, transport, d)
			good, reading := connect(t, e, transport, newDiary())
			var slowest time.Duration
			var most int
			sent := 0
			for f := websockets.TextFrame(fill(1000)); ; sent++ {
				start := time.Now()
				ok := c.Send(f)
				slowest = max(slowest, time.Since(start))
				items, _ := c.Waiting()
				most = max(most, items)
				if !ok {
					break
				}
				if sent%100 == 0 {
					if !good.Send(f) {
						t.Fatal("the good peer was refused a message")
					}
					reading.want(textOp, string(fill(1000)))
				}
			}
			if most > 257 {
				t.Errorf("%d messages waited, want at most 256 and a close frame", most)
			}
			if slowest > time.Second {
				t.Errorf("one Send took %v", slowest)
			}
			d.ended(t)
			if got := c.CloseCode(); got != websockets.CloseTooSlow {
				t.Errorf("CloseCode: got %d, want %d", got, websockets.CloseTooSlow)
			}
			if items, n := c.Waiting(); items > 2 || n > 2000 {
				t.Errorf("%d messages of %d bytes still wait", items, n)
			}
			// A peer that wakes up in time hears why: whole frames, then 4408.
			for n := 0; ; n++ {
				f := w.next()
				if f.op == textOp && len(f.payload) == 1000 && n < sent {
					continue
				}
				if got := closeCode(f); got != websockets.CloseTooSlow {
					t.Errorf("got %v after %d messages, want close code %d", f, n, websockets.CloseTooSlow)
				}
				break
			}
		})
	}
}

// TestConnQueueIsBoundedInBytes overflows with few, large messages.
func TestConnQueueIsBoundedInBytes(t *testing.T) { everyWay(t, testConnQueueIsBoundedInBytes) }

func testConnQueueIsBoundedInBytes(t *testing.T, transport string) {
	d := newDiary()
	c, _ := stalledPair(t, newEngine(t, websockets.Config{}), transport, d)
	sent := 0
	for f := websockets.TextFrame(fill(100_000)); c.Send(f); sent++ {
	}
	d.ended(t)
	if sent > 30 { // 1 MiB and what two small kernel buffers make of themselves
		t.Errorf("%d messages of 100,000 bytes were taken", sent)
	}
	if got := c.CloseCode(); got != websockets.CloseTooSlow {
		t.Errorf("CloseCode: got %d, want %d", got, websockets.CloseTooSlow)
	}
}

// TestConnStalledMemory holds what a crowd of stalled readers costs the process
// after it has been found out: next to nothing, and it is all gone in the end.
func TestConnStalledMemory(t *testing.T) { everyWay(t, testConnStalledMemory) }

func testConnStalledMemory(t *testing.T, transport string) {
	e := newEngine(t, websockets.Config{})
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const n = 50
	var diaries []*diary
	var conns []*websockets.Conn
	for range n {
		d := newDiary()
		c, _ := stalledPair(t, e, transport, d)
		diaries, conns = append(diaries, d), append(conns, c)
	}
	before := heap()
	for _, c := range conns {
		for c.Send(websockets.TextFrame(fill(10_000))) { // each its own, 1 MiB together
		}
	}
	for _, d := range diaries {
		d.ended(t)
	}
	if got := (heap() - before) / n; got > 100_000 {
		t.Errorf("a stalled reader that was given up costs %d bytes", got)
	}
}

// TestConnWriteTimeout holds the ten seconds: a peer that takes nothing for so
// long is closed, and is gone for good when the close frame does not get out.
func TestConnWriteTimeout(t *testing.T) {
	inPipe(t, websockets.Config{}, func(t *testing.T, c *websockets.Conn, d *diary, w *wireClient) {
		start := time.Now()
		c.Send(websockets.TextFrame([]byte("nobody reads this")))
		d.ended(t)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("closed after %v, want 10s", took)
		}
		if got := c.CloseCode(); got != websockets.CloseTooSlow {
			t.Errorf("CloseCode: got %d, want %d", got, websockets.CloseTooSlow)
		}
		for err := error(nil); err == nil; time.Sleep(10 * time.Millisecond) {
			w.conn.SetWriteDeadline(time.Now().Add(time.Millisecond))
			if _, err = w.conn.Write(textFrame("x")); isTimeout(err) {
				err = nil
			}
		}
		if took := time.Since(start); took < 15*time.Second || took > 16*time.Second+20*time.Millisecond {
			t.Errorf("gone after %v, want 10s and 5s for the close frame", took)
		}
	})
}

// TestConnTimeoutIsNotDoubled has a peer that takes nothing from the beginning.
// The room that the kernel has left over must not pass for a sign of life at the
// end of the time, and buy it as much again.
func TestConnTimeoutIsNotDoubled(t *testing.T) { everyWay(t, testConnTimeoutIsNotDoubled) }

func testConnTimeoutIsNotDoubled(t *testing.T, transport string) {
	const patience = 4 * time.Second
	e := newEngine(t, websockets.Config{WriteTimeout: patience, QueueBytes: 64 << 20})
	server, client := tcpPair(t)
	defer client.Close()
	d := newDiary()
	start := time.Now()
	c := attach(e, transport, server, nil, d)
	for range 250 { // far more than the kernels on both sides hold
		c.Send(websockets.TextFrame(fill(16 << 10)))
	}
	d.ended(t)
	if took := time.Since(start); took < patience || took > 2*patience-time.Second {
		t.Errorf("closed with %d after %v, want %v and a second", c.CloseCode(), took, patience)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// TestConnTimeoutCountsFromTheLastByte reads one byte every nine seconds:
// slow, but never for ten seconds not a byte. Nor is it dropped for pings that
// it cannot have seen: none are sent while something waits.
func TestConnTimeoutCountsFromTheLastByte(t *testing.T) {
	inPipe(t, websockets.Config{}, func(t *testing.T, c *websockets.Conn, d *diary, w *wireClient) {
		c.Send(websockets.TextFrame([]byte("ever so slowly")))
		var got strings.Builder
		for range 16 {
			time.Sleep(9 * time.Second)
			var b [1]byte
			if _, err := w.conn.Read(b[:]); err != nil {
				t.Fatalf("after %q: %v", got.String(), err)
			}
			got.Write(b[:])
		}
		if want := "\x81\x0eever so slowly"; got.String() != want {
			t.Errorf("got %q, want %q", got.String(), want)
		}
		if code := c.CloseCode(); code != 0 {
			t.Errorf("closed with %d", code)
		}
	})
}

// TestConnTriesBeforeItGivesUp drains a big message so slowly that the kernel
// announces no room for longer than the timeout, though it would take bytes all
// along. Unix sockets are the extreme: three quarters must be free first.
func TestConnTriesBeforeItGivesUp(t *testing.T) { everyWay(t, testConnTriesBeforeItGivesUp) }

func testConnTriesBeforeItGivesUp(t *testing.T, transport string) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Skip("no Unix sockets on this system: ", err)
	}
	defer l.Close()
	client, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, websockets.Config{WriteTimeout: time.Second, QueueBytes: 64 << 20})
	d := newDiary()
	c := attach(e, transport, server, nil, d)
	c.Send(websockets.TextFrame(fill(2 << 20)))
	buf := make([]byte, 2<<10)
	var slowest time.Duration
	for range 120 {
		start := time.Now()
		time.Sleep(20 * time.Millisecond)
		if n, err := client.Read(buf); err != nil || n == 0 {
			t.Fatalf("read: %v; code %d", err, c.CloseCode())
		}
		slowest = max(slowest, time.Since(start))
	}
	if got := c.CloseCode(); got != 0 {
		t.Errorf("closed with %d although the peer read every %v at the latest", got, slowest)
	}
	client.Close()
	d.ended(t)
}

// TestConnForgetsItsDeadlines writes directly again after a slow spell, and
// takes over connections with deadlines of somebody else's.
func TestConnForgetsItsDeadlines(t *testing.T) { everyWay(t, testConnForgetsItsDeadlines) }

func testConnForgetsItsDeadlines(t *testing.T, transport string) {
	e := newEngine(t, websockets.Config{WriteTimeout: 200 * time.Millisecond, QueueBytes: 64 << 20})
	server, client := tcpPair(t)
	server.SetDeadline(time.Now().Add(10 * time.Millisecond))
	w := newWireClient(t, client)
	c := attach(e, transport, server, nil, echoing())
	time.Sleep(20 * time.Millisecond)
	w.write(textFrame("after the deadlines"))
	w.want(textOp, "after the deadlines")
	go c.Send(websockets.TextFrame(fill(8 << 20)))
	w.want(textOp, string(fill(8<<20)))
	eventually(t, "nothing waits", func() bool { items, _ := c.Waiting(); return items == 0 })
	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	c.Send(websockets.TextFrame([]byte("after the slow spell")))
	w.want(textOp, "after the slow spell")
}

// TestConnOwesOnePong floods with pings and reads nothing.
func TestConnOwesOnePong(t *testing.T) {
	inPipe(t, websockets.Config{PingInterval: time.Hour}, func(t *testing.T, c *websockets.Conn, d *diary, w *wireClient) {
		for i := range 1000 {
			if _, err := w.conn.Write(clientFrame(pingOp, true, []byte{byte(i), byte(i >> 8)})); err != nil {
				t.Fatalf("ping %d: %v", i, err)
			}
			if items, _ := c.Waiting(); items > 2 {
				t.Fatalf("%d pongs wait after %d pings, want at most 2", items, i+1)
			}
		}
		synctest.Wait() // until the last one has been read
		got := make([]byte, 0, 100)
		for len(got) < 8 {
			n, err := w.conn.Read(got[len(got):cap(got)])
			if err != nil {
				t.Fatal(err)
			}
			got = got[:len(got)+n]
		}
		if want := "\x8a\x02\x00\x00\x8a\x02\xe7\x03"; string(got) != want {
			t.Errorf("got % x, want the first pong and the last: % x", got, want)
		}
	})
}

// TestConnHoldsUpWhoOnlyWrites has an echo for a peer that does not read: the
// peer is read no further than the first answer that waits, and all of it comes
// back once it reads. Held up, it can still be closed.
func TestConnHoldsUpWhoOnlyWrites(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			cfg := echoConfig()
			cfg.WriteTimeout = time.Minute
			e := newEngine(t, cfg)
			d := echoing()
			c, w := connect(t, e, transport, d)
			const size = 8 << 20 // more than the kernels of both sides hold
			var group sync.WaitGroup
			group.Go(func() {
				w.write(clientFrame(textOp, true, fill(size)))
				for range 100 {
					w.write(clientFrame(textOp, true, fill(100<<10)))
				}
			})
			eventually(t, "the echo waits", func() bool { items, _ := c.Waiting(); return items > 0 })
			if got := d.count(); got != 1 {
				t.Errorf("%d messages were read while the first answer waited, want 1", got)
			}
			w.want(textOp, string(fill(size)))
			for range 100 {
				w.want(textOp, string(fill(100<<10)))
			}
			group.Wait()
			eventually(t, "nothing waits", func() bool { items, _ := c.Waiting(); return items == 0 })

			group.Go(func() { w.write(clientFrame(textOp, true, fill(size)), clientFrame(textOp, true, fill(100<<10))) })
			eventually(t, "the echo waits", func() bool { items, _ := c.Waiting(); return items > 0 })
			c.Close(websockets.CloseGoingAway, "")
			d.ended(t)
			w.conn.Close()
			group.Wait()
			if got := d.count(); got != 102 {
				t.Errorf("%d messages, want 102: the last one came after the close", got)
			}
		})
	}
}
