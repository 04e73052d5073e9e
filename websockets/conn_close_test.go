package websockets_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/websockets"
)

// TestConnEchoesTheCloseCode answers the peer's close frame with its own code.
func TestConnEchoesTheCloseCode(t *testing.T) { everyWay(t, testConnEchoesTheCloseCode) }

func testConnEchoesTheCloseCode(t *testing.T, transport string) {
	for _, transport := range transports {
		for _, code := range []int{1000, 1001, 1003, 1007, 1008, 1011, 1014, 3000, 3999, 4000, 4999} {
			t.Run(fmt.Sprint(transport, "/", code), func(t *testing.T) {
				d := newDiary()
				c, w := connect(t, newEngine(t, websockets.Config{}), transport, d)
				w.write(clientFrame(closeOp, true, closePayload(code, "bye")), textFrame("late"), clientFrame(pingOp, true, nil))
				w.wantClose(code)
				w.conn.Close()
				d.ended(t)
				if c.CloseCode() != code || d.count() != 0 {
					t.Errorf("code %d and %d messages, want %d and none", c.CloseCode(), d.count(), code)
				}
			})
		}
	}
	t.Run("without a code", func(t *testing.T) {
		_, w := connect(t, newEngine(t, websockets.Config{}), transport, newDiary())
		w.write(clientFrame(closeOp, true, nil))
		w.want(closeOp, "")
	})
}

// TestConnClosesBehindWhatWasSent wants everything that was sent before Close,
// then the close frame, although the peer reads late.
func TestConnClosesBehindWhatWasSent(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			d := newDiary()
			c, w := connect(t, newEngine(t, websockets.Config{QueueBytes: 64 << 20}), transport, d)
			big := fill(8 << 20)
			c.Send(websockets.TextFrame(big))
			c.Send(websockets.TextFrame([]byte("last")))
			c.Close(websockets.CloseGoingAway, "deploy")
			c.Close(websockets.CloseNormal, "only the first call counts")
			if c.Send(websockets.TextFrame([]byte("too late"))) {
				t.Error("Send after Close: got true")
			}
			d.ended(t) // although the peer has not read a byte
			w.want(textOp, string(big))
			w.want(textOp, "last")
			w.want(closeOp, string(closePayload(1001, "deploy")))
		})
	}
}

// TestConnClosesBehindWhatAPeerStillReads gets the peer's close frame, then the
// end of its bytes, before the peer reads what was sent to it.
func TestConnClosesBehindWhatAPeerStillReads(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			d := newDiary()
			c, w := connect(t, newEngine(t, websockets.Config{QueueBytes: 64 << 20}), transport, d)
			big := fill(8 << 20)
			c.Send(websockets.TextFrame(big))
			w.write(clientFrame(closeOp, true, closePayload(1000, "")))
			w.conn.(*net.TCPConn).CloseWrite()
			d.ended(t)
			time.Sleep(50 * time.Millisecond)
			w.want(textOp, string(big))
			w.wantClose(1000)
		})
	}
}

// TestConnCloseReachesAPeerThatKeepsTalking is about the reset that a kernel
// sends when a socket is closed with unread bytes: it would eat the close code.
func TestConnCloseReachesAPeerThatKeepsTalking(t *testing.T) {
	everyWay(t, testConnCloseReachesAPeerThatKeepsTalking)
}

func testConnCloseReachesAPeerThatKeepsTalking(t *testing.T, transport string) {
	for range 20 {
		_, w := connect(t, newEngine(t, websockets.Config{}), transport, newDiary())
		stop := make(chan struct{})
		var talk sync.WaitGroup
		talk.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					w.conn.Write(textFrame("bla bla bla"))
				}
			}
		})
		w.write([]byte{0xFF, 0xFF})
		f, err := w.read()
		if got := closeCode(f); err != nil || got != websockets.CloseProtocolError {
			t.Fatalf("got %v (code %d), %v; want the close frame with 1002", f, got, err)
		}
		close(stop)
		talk.Wait()
		w.conn.Close()
	}
}

func TestConnNoticesAPeerThatIsGone(t *testing.T) { everyWay(t, testConnNoticesAPeerThatIsGone) }

func testConnNoticesAPeerThatIsGone(t *testing.T, transport string) {
	tests := map[string]func(w *wireClient){
		"closed":               func(w *wireClient) { w.conn.Close() },
		"reset":                func(w *wireClient) { w.conn.(*net.TCPConn).SetLinger(0); w.conn.Close() },
		"closed for writing":   func(w *wireClient) { w.conn.(*net.TCPConn).CloseWrite() },
		"gone within a header": func(w *wireClient) { w.write([]byte{0x81}); w.conn.Close() },
		"gone within a frame":  func(w *wireClient) { w.write(textFrame("hello")[:8]); w.conn.Close() },
	}
	for name, leave := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDiary()
			c, w := connect(t, newEngine(t, websockets.Config{}), transport, d)
			leave(w)
			d.ended(t)
			if got := c.CloseCode(); got != websockets.CloseAbnormal {
				t.Errorf("CloseCode: got %d, want %d", got, websockets.CloseAbnormal)
			}
		})
	}
}

// TestConnClosesFromWithinMessage drops what comes behind in the same bytes.
func TestConnClosesFromWithinMessage(t *testing.T) { everyWay(t, testConnClosesFromWithinMessage) }

func testConnClosesFromWithinMessage(t *testing.T, transport string) {
	d := newDiary()
	d.onMessage = func(c *websockets.Conn, _ bool, _ []byte) { c.Close(websockets.CloseServerBusy, "") }
	_, w := connect(t, newEngine(t, websockets.Config{}), transport, d)
	w.write(textFrame("1"), textFrame("2"), clientFrame(closeOp, true, nil))
	w.wantClose(websockets.CloseServerBusy)
	w.conn.Close()
	d.ended(t)
	if got := d.count(); got != 1 {
		t.Errorf("%d messages, want 1", got)
	}
}

// TestConnGreetsFirst has peers whose first bytes end the connection at once:
// what Opened says comes before the answer to anything.
func TestConnGreetsFirst(t *testing.T) { everyWay(t, testConnGreetsFirst) }

func testConnGreetsFirst(t *testing.T, transport string) {
	e := newEngine(t, websockets.Config{})
	for range 200 {
		server, client := tcpPair(t)
		w := newWireClient(t, client)
		d := newDiary()
		d.onOpened = func(c *websockets.Conn) { c.Send(websockets.TextFrame([]byte("welcome"))) }
		attach(e, transport, server, clientFrame(closeOp, true, nil), d)
		w.want(textOp, "welcome")
		w.wantClose(websockets.CloseNoStatus)
		client.Close()
		d.ended(t)
	}
}

// TestConnContainsAPanic lets a bug cost the one connection that met it.
func TestConnContainsAPanic(t *testing.T) { everyWay(t, testConnContainsAPanic) }

func testConnContainsAPanic(t *testing.T, transport string) {
	told := make(chan any, 1)
	e := newEngine(t, websockets.Config{Panicked: func(value any, stack []byte) {
		if !bytes.Contains(stack, []byte("estConnContainsAPanic")) {
			t.Errorf("the stack does not show where it happened:\n%s", stack)
		}
		told <- value
	}})
	d := newDiary()
	d.onMessage = func(*websockets.Conn, bool, []byte) { panic("a bug") }
	_, w := connect(t, e, transport, d)
	_, other := connect(t, e, transport, echoing())
	w.write(textFrame("1"))
	w.wantClose(websockets.CloseInternal)
	w.conn.Close()
	d.ended(t)
	if got := <-told; got != "a bug" {
		t.Errorf("told of %v, want a bug", got)
	}
	other.write(textFrame("still here"))
	if got := other.next(); got.payload != "still here" {
		t.Errorf("the other connection got %q, want its echo", got.payload)
	}
}

// TestConnEndsFromAllSides closes, sends, pings and breaks at the same time.
func TestConnEndsFromAllSides(t *testing.T) {
	e := newEngine(t, websockets.Config{})
	for range 50 {
		for _, transport := range transports {
			d := echoing()
			c, w := connect(t, e, transport, d)
			var group sync.WaitGroup
			group.Go(func() { c.Close(websockets.CloseSignedOut, "") })
			group.Go(func() { c.Close(websockets.CloseDeleted, "") })
			group.Go(func() { c.CloseAt(time.Now().Add(time.Millisecond), websockets.CloseSignedOut, "") })
			group.Go(func() {
				for c.Send(websockets.TextFrame(fill(100))) {
				}
			})
			group.Go(func() { w.write(textFrame("a"), clientFrame(pingOp, true, nil), clientFrame(closeOp, true, nil)) })
			group.Go(func() { _ = c.Drain(t.Context()) })
			for w.next() != (serverFrame{}) {
			}
			w.conn.Close()
			group.Wait()
			d.ended(t)
		}
	}
}

// inPipe runs a test with virtual time on a connection over a pipe.
func inPipe(t *testing.T, cfg websockets.Config, test func(t *testing.T, c *websockets.Conn, d *diary, w *wireClient)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		e := websockets.NewEngine(cfg)
		ctx, stop := context.WithCancel(t.Context())
		beat := make(chan error, 1)
		go func() { beat <- e.Run(ctx) }()
		d := newDiary()
		c := e.Attach(server, nil, d)
		test(t, c, d, &wireClient{t, client, nil})
		client.Close()
		if err := e.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		d.ended(t)
		stop()
		if err := <-beat; err != nil {
			t.Error(err)
		}
	})
}

// TestConnLingers holds the second that a peer gets after our close frame.
func TestConnLingers(t *testing.T) {
	inPipe(t, websockets.Config{}, func(t *testing.T, c *websockets.Conn, d *diary, w *wireClient) {
		c.Close(websockets.CloseGoingAway, "bye")
		time.Sleep(3 * time.Second) // the second counts from when the frame is out
		frame := make([]byte, 100)
		n, err := w.conn.Read(frame)
		if got := string(frame[:n]); err != nil || got != "\x88\x05\x03\xe9bye" {
			t.Fatalf("got %q, %v", got, err)
		}
		start := time.Now()
		d.ended(t)
		if took := time.Since(start); took != 0 {
			t.Errorf("Closed came %v after the close frame, want at once", took)
		}
		for err == nil { // the peer talks on and on
			_, err = w.conn.Write(textFrame("bla"))
			time.Sleep(time.Millisecond)
		}
		if took := time.Since(start); took < time.Second || took > time.Second+2*time.Millisecond {
			t.Errorf("the peer's bytes were read for %v, want 1s", took)
		}
	})
}

func TestConnCloseAt(t *testing.T) {
	inPipe(t, websockets.Config{}, func(t *testing.T, c *websockets.Conn, d *diary, w *wireClient) {
		start := time.Now()
		c.CloseAt(start.Add(time.Second), websockets.CloseDeleted, "taken back")
		c.CloseAt(time.Time{}, 0, "")
		c.CloseAt(start.Add(2*time.Second), websockets.CloseDeleted, "replaced")
		c.CloseAt(start.Add(20*time.Second), websockets.CloseSignedOut, "token expired")
		w.conn.SetReadDeadline(start.Add(time.Hour))
		got := make([]byte, 100)
		for {
			n, err := w.conn.Read(got)
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 && got[0] == 0x88 {
				got = got[:n]
				break
			}
		}
		if want := "\x88\x0f\x11\x31token expired"; string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("closed after %v, want exactly 20s", took)
		}
		d.ended(t)
		c.CloseAt(time.Now().Add(time.Hour), websockets.CloseNormal, "") // starts no timer
		if got := c.CloseCode(); got != websockets.CloseSignedOut {
			t.Errorf("CloseCode: got %d, want %d", got, websockets.CloseSignedOut)
		}
	})
}

// TestEngineClosesAll says goodbye to those who are there and those who come.
func TestEngineClosesAll(t *testing.T) { everyWay(t, testEngineClosesAll) }

func testEngineClosesAll(t *testing.T, transport string) {
	e := websockets.NewEngine(websockets.Config{})
	var clients []*wireClient
	for range 300 {
		_, w := connect(t, e, transport, newDiary())
		clients = append(clients, w)
	}
	if got := e.Len(); got != 300 {
		t.Errorf("Len: got %d, want 300", got)
	}
	e.CloseAll(websockets.CloseGoingAway, "deploy")
	_, late := connect(t, e, transport, newDiary())
	for _, w := range append(clients, late) {
		w.wantClose(websockets.CloseGoingAway)
		w.conn.Close()
	}
	if err := e.Wait(t.Context()); err != nil || e.Len() != 0 {
		t.Errorf("Wait: %v with %d connections left", err, e.Len())
	}
}

func TestEngineWaitGivesUp(t *testing.T) { everyWay(t, testEngineWaitGivesUp) }

func testEngineWaitGivesUp(t *testing.T, transport string) {
	e := newEngine(t, websockets.Config{})
	_, w := connect(t, e, transport, newDiary())
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := e.Wait(ctx); err == nil {
		t.Error("Wait with an open connection: got no error after its deadline")
	}
	w.conn.Close()
	if err := e.Wait(t.Context()); err != nil {
		t.Errorf("Wait after the last one left: %v", err)
	}
}
