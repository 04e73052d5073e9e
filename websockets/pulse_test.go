package websockets_test

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/websockets"
)

// pulsing runs an engine's heartbeat until the test is over.
func pulsing(t *testing.T, e *websockets.Engine) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// TestPulseKeepsWhoAnswers pings every 25 s for an hour.
func TestPulseKeepsWhoAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := websockets.NewEngine(websockets.Config{})
		defer pulsing(t, e)()
		server, client := net.Pipe()
		start := time.Now()
		d := newDiary()
		c := e.Attach(server, nil, d)
		var ping [2]byte
		var last time.Time
		for i := range 144 {
			if _, err := io.ReadFull(client, ping[:]); err != nil || ping != [2]byte{0x89, 0} {
				t.Fatalf("ping %d: got % x, %v", i, ping, err)
			}
			if i == 0 {
				if wait := time.Since(start); wait > 25*time.Second {
					t.Errorf("first ping after %v, want at most 25s", wait)
				}
			} else if gap := time.Since(last); gap != 25*time.Second {
				t.Errorf("ping %d came after %v, want 25s", i, gap)
			}
			last = time.Now()
			if _, err := client.Write(clientFrame(pongOp, true, nil)); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.CloseCode(); got != 0 {
			t.Errorf("closed with %d", got)
		}
		client.Close()
		d.ended(t)
	})
}

// TestPulseDropsWhoDoesNot reads the pings and never answers; or answers the
// first only.
func TestPulseDropsWhoDoesNot(t *testing.T) {
	for name, answered := range map[string]int{"never": 0, "first": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := websockets.NewEngine(websockets.Config{})
				defer pulsing(t, e)()
				server, client := net.Pipe()
				d := newDiary()
				c := e.Attach(server, nil, d)
				var ping [2]byte
				pings := 0
				var first time.Time
				for {
					if _, err := io.ReadFull(client, ping[:]); err != nil {
						break // no close frame: nobody is there to read it
					}
					if pings++; pings == 1 {
						first = time.Now()
					}
					if pings <= answered {
						client.Write(clientFrame(pongOp, true, nil))
					}
				}
				if got, want := pings, 2+answered; got != want {
					t.Errorf("%d pings, want %d", got, want)
				}
				if got, want := time.Since(first), time.Duration(2+answered)*25*time.Second; got != want {
					t.Errorf("dropped %v after the first ping, want %v", got, want)
				}
				d.ended(t)
				if got := c.CloseCode(); got != websockets.CloseAbnormal {
					t.Errorf("CloseCode: got %d, want %d", got, websockets.CloseAbnormal)
				}
				if err := e.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestPulseIsSpread connects 400 peers at once and looks for a burst.
func TestPulseIsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := websockets.NewEngine(websockets.Config{})
		stop := pulsing(t, e)
		const peers = 400
		came := make(chan time.Time, peers)
		start := time.Now()
		for range peers {
			server, client := net.Pipe()
			e.Attach(server, nil, newDiary())
			go func() {
				defer client.Close()
				var ping [2]byte
				if _, err := io.ReadFull(client, ping[:]); err == nil {
					came <- time.Now()
				}
			}()
		}
		at := map[time.Time]int{}
		for range peers {
			at[<-came]++
		}
		if took := time.Since(start); took > 25*time.Second {
			t.Errorf("the last first ping came after %v, want at most 25s", took)
		}
		for when, n := range at {
			if n > 8 {
				t.Errorf("%d pings at once after %v, want them spread", n, when.Sub(start))
			}
		}
		if err := e.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		stop()
	})
}
