package websockets_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/websockets"
)

func TestConnAnswersIllegalFrames(t *testing.T) {
	for _, transport := range transports {
		for _, test := range illegalFrames() {
			t.Run(transport+"/"+test.name, func(t *testing.T) {
				d := echoing()
				c, w := connect(t, newEngine(t, websockets.Config{}), transport, d)
				w.write(textFrame("before"), test.wire, textFrame("after"))
				w.want(textOp, "before")
				f := w.next()
				for f.op == textOp { // what was legal before the rest
					f = w.next()
				}
				if got := closeCode(f); got != test.code {
					t.Errorf("got close code %d (%v), want %d", got, f, test.code)
				}
				if f := w.next(); f != (serverFrame{}) {
					t.Errorf("got %v after the close frame, want the end", f)
				}
				w.conn.Close()
				d.ended(t)
				if got := c.CloseCode(); got != test.code {
					t.Errorf("CloseCode: got %d, want %d", got, test.code)
				}
				if last := d.messages[len(d.messages)-1]; last == "after" {
					t.Error("a message after the illegal frame reached the handler")
				}
			})
		}
	}
}

func TestConnCarriesMessagesOfAllSizes(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			e := newEngine(t, websockets.Config{MaxMessage: 1 << 20, Binary: true, QueueBytes: 4 << 20})
			_, w := connect(t, e, transport, echoing())
			for _, n := range []int{0, 1, 125, 126, 127, 128, 4096, 65535, 65536, 65537, 1 << 20} {
				go w.write(clientFrame(textOp, true, fill(n)), clientFrame(binaryOp, true, fill(n)))
				w.want(textOp, string(fill(n)))
				w.want(binaryOp, string(fill(n)))
			}
		})
	}
}

// TestConnAnswersPingsInOrder also finds pongs between the fragments of a
// message.
func TestConnAnswersPingsInOrder(t *testing.T) { everyWay(t, testConnAnswersPingsInOrder) }

func testConnAnswersPingsInOrder(t *testing.T, transport string) {
	_, w := connect(t, newEngine(t, websockets.Config{}), transport, echoing())
	for i := range 10 {
		w.write(clientFrame(pingOp, true, fmt.Append(nil, "ping ", i)))
	}
	for i := range 10 {
		w.want(pongOp, fmt.Sprint("ping ", i))
	}
	w.write(clientFrame(textOp, false, []byte("one ")), clientFrame(pingOp, true, fill(125)),
		clientFrame(contOp, true, []byte("two")), clientFrame(pongOp, true, []byte("unasked")), textFrame("three"))
	w.want(pongOp, string(fill(125)))
	w.want(textOp, "one two")
	w.want(textOp, "three")
}

// TestConnKeepsFramesApart sends from many goroutines while the peer reads
// slowly, so that direct writes, queued ones, pongs and pings take turns, and
// wants every frame whole and each sender's messages in order.
func TestConnKeepsFramesApart(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			e := newEngine(t, websockets.Config{QueueMessages: 1 << 20, QueueBytes: 1 << 30, PingInterval: 500 * time.Millisecond})
			beat := make(chan error, 1)
			ctx, stop := context.WithCancel(t.Context())
			go func() { beat <- e.Run(ctx) }()
			defer func() { stop(); <-beat }()
			c, w := connect(t, e, transport, newDiary())
			const senders, each = 4, 500
			var group sync.WaitGroup
			for s := range senders {
				group.Go(func() {
					for i := range each {
						text := append(fmt.Appendf(nil, "%d %d ", s, i), fill(i*20)...)
						if !c.Send(websockets.TextFrame(text)) {
							t.Errorf("sender %d: message %d was refused", s, i)
							return
						}
					}
				})
			}
			var next [senders]int
			for got, n := 0, 0; got < senders*each; n++ {
				if n%16 == 0 {
					time.Sleep(time.Millisecond)
					// The pong is unasked for: answers to pings that are
					// still far behind in the buffers would come too late.
					w.write(clientFrame(pingOp, true, fmt.Append(nil, n)), clientFrame(pongOp, true, nil))
				}
				switch f := w.next(); f.op {
				case textOp:
					parts := strings.SplitN(f.payload, " ", 3)
					s, _ := strconv.Atoi(parts[0])
					i, _ := strconv.Atoi(parts[1])
					rest := parts[2]
					if want := next[s]; i != want || len(rest) != i*20 {
						t.Fatalf("sender %d: got message %d with %d bytes, want message %d", s, i, len(rest), want)
					}
					next[s]++
					got++
				case pingOp, pongOp:
				default:
					t.Fatalf("got %v", f)
				}
			}
			group.Wait()
		})
	}
}

func TestConnLimitsTheRateOfAllFrames(t *testing.T) { everyWay(t, testConnLimitsTheRateOfAllFrames) }

func testConnLimitsTheRateOfAllFrames(t *testing.T, transport string) {
	tests := map[string][]byte{
		"messages":         textFrame("x"),
		"pings":            clientFrame(pingOp, true, nil),
		"pongs":            clientFrame(pongOp, true, nil),
		"empty messages":   textFrame(""),
		"broken off heads": nil, // one frame in single bytes counts once, see below
	}
	for name, frame := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDiary()
			_, w := connect(t, newEngine(t, websockets.Config{FrameRate: 1, FrameBurst: 20}), transport, d)
			if frame == nil {
				for _, b := range clientFrame(textOp, true, fill(40)) {
					w.write([]byte{b})
				}
				w.write(clientFrame(pingOp, true, nil))
				w.want(pongOp, "")
				return
			}
			w.write(bytes.Repeat(frame, 30))
			for {
				f := w.next()
				if f.op == closeOp {
					if got := closeCode(f); got != websockets.CloseTooMany {
						t.Errorf("got close code %d, want %d", got, websockets.CloseTooMany)
					}
					break
				}
			}
			w.conn.Close()
			d.ended(t)
			if got := d.count(); got > 20 {
				t.Errorf("%d messages got through a burst of 20", got)
			}
		})
	}
	t.Run("empty fragments", func(t *testing.T) {
		_, w := connect(t, newEngine(t, websockets.Config{FrameRate: 1, FrameBurst: 20}), transport, newDiary())
		w.write(clientFrame(textOp, false, nil), bytes.Repeat(clientFrame(contOp, false, nil), 30*64))
		w.wantClose(websockets.CloseTooMany)
	})
	t.Run("small fragments", func(t *testing.T) {
		// One message, however small it is cut: it is its bytes that are too many.
		_, w := connect(t, newEngine(t, websockets.Config{FrameRate: 1, FrameBurst: 70}), transport, newDiary())
		w.write(clientFrame(textOp, false, []byte("x")), bytes.Repeat(clientFrame(contOp, false, []byte("x")), 4<<10))
		w.wantClose(websockets.CloseTooBig)
	})
	t.Run("recovers", func(t *testing.T) {
		cfg := websockets.Config{FrameRate: 1, FrameBurst: 5, PingInterval: 1000 * time.Hour}
		inPipe(t, cfg, func(t *testing.T, c *websockets.Conn, d *diary, w *wireClient) {
			for range 40 {
				w.conn.Write(textFrame("x"))
				time.Sleep(time.Second)
			}
			if got := d.count(); got != 40 || c.CloseCode() != 0 {
				t.Errorf("got %d messages and close code %d, want 40 and an open connection", got, c.CloseCode())
			}
		})
	})
}

// TestConnSavesNoFramesUp is quiet for long: that earns no more than the burst.
func TestConnSavesNoFramesUp(t *testing.T) {
	cfg := websockets.Config{FrameRate: 1, FrameBurst: 5, PingInterval: 1000 * time.Hour}
	inPipe(t, cfg, func(t *testing.T, c *websockets.Conn, d *diary, w *wireClient) {
		time.Sleep(time.Minute)
		for i := range 5 {
			w.conn.Write(textFrame("x"))
			if synctest.Wait(); c.CloseCode() != 0 {
				t.Fatalf("closed with %d after %d frames of a burst of 5", c.CloseCode(), i+1)
			}
		}
		time.Sleep(time.Second)
		w.conn.Write(textFrame("one more after a second"))
		w.conn.Write(textFrame("and one too many"))
		if synctest.Wait(); c.CloseCode() != websockets.CloseTooMany || d.count() != 6 {
			t.Errorf("code %d after %d messages, want %d after 6", c.CloseCode(), d.count(), websockets.CloseTooMany)
		}
	})
}

// TestConnSendAllocatesNothing holds the promise of the way every reveal takes.
func TestConnSendAllocatesNothing(t *testing.T) { everyWay(t, testConnSendAllocatesNothing) }

func testConnSendAllocatesNothing(t *testing.T, transport string) {
	c, w := connect(t, newEngine(t, websockets.Config{}), transport, newDiary())
	if items, _ := c.Waiting(); items != 0 {
		t.Fatal("something waits on a new connection")
	}
	if runtime.GOOS == "windows" {
		t.Skip("no direct writes on this system")
	}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			if _, err := w.conn.Read(buf); err != nil {
				return
			}
		}
	}()
	f := websockets.TextFrame(fill(200))
	if got := testing.AllocsPerRun(200, func() { c.Send(f) }); got != 0 {
		t.Errorf("Send allocates %v times, want 0", got)
	}
	w.conn.Close()
}

// TestConnIdleCost holds the goroutines of connections that wait: none, but for
// the few that read them all, or one each.
func TestConnIdleCost(t *testing.T) { everyWay(t, testConnIdleCost) }

func testConnIdleCost(t *testing.T, transport string) {
	e := newEngine(t, websockets.Config{})
	const n = 50
	for range n {
		c, w := connect(t, e, transport, echoing())
		w.write(textFrame("x"))
		w.want(textOp, "x")
		c.Send(websockets.TextFrame(nil))
		w.want(textOp, "")
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	want := n
	if transport == "polled" && runtime.GOOS == "linux" {
		want = min(runtime.GOMAXPROCS(0), websockets.MostPollers)
	}
	if got := bytes.Count(stacks, []byte("created by invisibleart.example/gallery/websockets.")); got != want {
		t.Errorf("%d goroutines for %d idle connections, want %d", got, n, want)
	}
}

func TestConnDrain(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			e := newEngine(t, websockets.Config{QueueBytes: 64 << 20})
			c, w := connect(t, e, transport, newDiary())
			if err := c.Drain(t.Context()); err != nil {
				t.Errorf("drain of nothing: %v", err)
			}
			big := websockets.TextFrame(fill(16 << 20)) // more than any kernel buffers
			c.Send(big)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if err := c.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("drain into a peer that does not read: got %v, want its deadline", err)
			}
			drained := make(chan error, 1)
			go func() { drained <- c.Drain(t.Context()) }()
			w.want(textOp, string(fill(16<<20)))
			if err := <-drained; err != nil {
				t.Errorf("drain into a peer that reads: %v", err)
			}
			if items, n := c.Waiting(); items != 0 || n != 0 {
				t.Errorf("%d messages of %d bytes wait after the drain", items, n)
			}
			c.Send(big)
			go func() { drained <- c.Drain(t.Context()) }()
			c.Close(websockets.CloseGoingAway, "")
			if err := <-drained; !errors.Is(err, net.ErrClosed) {
				t.Errorf("drain while it closes: got %v, want net.ErrClosed", err)
			}
			if err := c.Drain(t.Context()); !errors.Is(err, net.ErrClosed) {
				t.Errorf("drain after it closed: got %v, want net.ErrClosed", err)
			}
		})
	}
}

// TestConnLeaksNoDescriptor ends connections in every way there is and counts
// what is open afterwards.
func TestConnLeaksNoDescriptor(t *testing.T) {
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no list of open descriptors on this system: ", err)
		}
		return len(list)
	}
	e := newEngine(t, websockets.Config{})
	ways := map[string]func(c *websockets.Conn, w *wireClient){
		"peer closes":    func(_ *websockets.Conn, w *wireClient) { w.write(clientFrame(closeOp, true, nil)); w.next() },
		"peer vanishes":  func(_ *websockets.Conn, w *wireClient) {},
		"peer resets":    func(_ *websockets.Conn, w *wireClient) { w.conn.(*net.TCPConn).SetLinger(0) },
		"server closes":  func(c *websockets.Conn, w *wireClient) { c.Close(1001, ""); w.next() },
		"protocol error": func(_ *websockets.Conn, w *wireClient) { w.write([]byte{0xFF}); w.next() },
		"stalled":        func(c *websockets.Conn, _ *wireClient) { c.Send(websockets.TextFrame(fill(16 << 20))) },
		"closes when stalled": func(c *websockets.Conn, _ *wireClient) {
			c.Send(websockets.TextFrame(fill(1 << 20)))
			c.Close(1001, "")
		},
	}
	before := open()
	for name, end := range ways {
		for _, transport := range transports {
			d := newDiary()
			c, w := connect(t, e, transport, d)
			end(c, w)
			w.conn.Close()
			d.ended(t)
			if c.CloseCode() == 0 {
				t.Errorf("%s: no close code", name)
			}
		}
	}
	if err := e.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := open(); got > before {
		t.Errorf("%d descriptors are open, %d were before", got, before)
	}
}
