package websockets_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"invisibleart.example/gallery/websockets"
)

// TestPollerKnowsWhoSits has events of a connection that is gone while its seat
// is somebody else's.
func TestPollerKnowsWhoSits(t *testing.T) {
	past, present, future := websockets.FindsSeated()
	if past || !present || future {
		t.Errorf("events of the past, present and future turn are for who sits there: got %v, %v, %v, want only the second", past, present, future)
	}
}

// TestPollerDescriptorsAreReused opens and ends connections as fast as it can,
// so that descriptor numbers change hands all the time, beside some that stay:
// every byte must come from, and go to, whom it belongs to.
func TestPollerDescriptorsAreReused(t *testing.T) {
	e := newEngine(t, websockets.Config{})
	var over atomic.Bool
	var guests, residents sync.WaitGroup
	for i := range 4 {
		guests.Go(func() {
			for n := range 300 {
				d := echoing()
				c, w := connect(t, e, "polled", d)
				text := fmt.Sprintf("guest %d of %d", n, i)
				w.write(textFrame(text))
				if got := w.next(); got.payload != text {
					t.Errorf("%s got %q", text, got.payload)
				}
				switch n % 3 {
				case 0: // with an event on its way
					w.write(textFrame("bye"))
					c.Close(websockets.CloseGoingAway, "")
				case 1:
					w.write(clientFrame(closeOp, true, nil))
				}
				w.conn.Close()
				d.ended(t)
			}
		})
		residents.Go(func() {
			_, w := connect(t, e, "polled", echoing())
			for n := 0; !over.Load(); n++ {
				text := fmt.Sprintf("resident %d, %d", i, n)
				w.write(textFrame(text))
				if got := w.next(); got.payload != text {
					t.Errorf("%s got %v", text, got)
					return
				}
			}
		})
	}
	guests.Wait()
	over.Store(true)
	residents.Wait()
}

// TestPollerReadsInTurn floods one connection: the one beside it, which the same
// goroutine reads, is answered all the same.
func TestPollerReadsInTurn(t *testing.T) {
	e := newEngine(t, websockets.Config{MaxMessage: 1 << 20, Binary: true})
	var floods sync.WaitGroup
	var flooding []*wireClient
	for range websockets.MostPollers {
		_, flood := connect(t, e, "polled", newDiary())
		flooding = append(flooding, flood)
		message := clientFrame(binaryOp, true, fill(1<<20))
		floods.Go(func() {
			for {
				if _, err := flood.conn.Write(message); err != nil {
					return
				}
			}
		})
	}
	for range websockets.MostPollers {
		_, w := connect(t, e, "polled", echoing())
		for range 20 {
			w.write(textFrame("in between"))
			w.want(textOp, "in between")
		}
	}
	for _, flood := range flooding {
		flood.conn.Close()
	}
	floods.Wait()
}

// TestPollerNeedsADescriptor has none left: a connection is served all the same,
// by a goroutine.
func TestPollerNeedsADescriptor(t *testing.T) {
	e := newEngine(t, websockets.Config{})
	server, client := tcpPair(t)
	w := newWireClient(t, client)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	low := unix.Rlimit{Cur: 3, Max: limit.Max} // numbers below are taken
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	c := e.Attach(server, nil, echoing())
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if c.Polled() {
		t.Error("the connection is polled although no descriptor was left to copy its own to")
	}
	w.write(textFrame("still served"))
	w.want(textOp, "still served")

	if c, _ := connect(t, e, "polled", echoing()); !c.Polled() {
		t.Error("the next connection is not polled although there are descriptors again")
	}
}
