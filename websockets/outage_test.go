package websockets_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/coder/websocket"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/websockets"
)

// follow reads a socket from a goroutine of its own, which answers pings, and
// keeps what it hears.
func (s *socket) follow() *journal {
	j := &journal{}
	go func() {
		for {
			// Not s.read, whose patience an outage outlasts.
			_, data, err := s.conn.Read(context.Background())
			var m map[string]any
			if err == nil {
				err = json.Unmarshal(data, &m)
			}
			j.mu.Lock()
			if err != nil {
				j.closed = int(client.CloseStatus(err))
				j.mu.Unlock()
				return
			}
			word := fmt.Sprint(m["type"])
			switch {
			case m["seq"] != nil:
				word = fmt.Sprint("seq ", m["seq"])
			case word == "artwork_status":
				word = fmt.Sprint(word, " ", m["is_revealed"])
			}
			j.heard = append(j.heard, word)
			j.mu.Unlock()
		}
	}()
	return j
}

// journal is what one socket has heard.
type journal struct {
	mu     sync.Mutex
	heard  []string
	closed int // the close code, 0 while it is open
}

func (j *journal) want(t *testing.T, who string, closed int, heard ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.heard, heard) || j.closed != closed {
		t.Errorf("%s: heard %q and was closed with %d, want %q and %d", who, j.heard, j.closed, heard, closed)
	}
}

func storeIsAway() error { return gallery.Errorf(gallery.Unavailable, "The store is away.") }

// bubble is openHouse on a clock of its own. An outage of a minute takes no
// time, and no ping is lost unless the server loses it.
func bubble(t *testing.T, test func(t *testing.T, h *house, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		h := openHouseOn(t, websockets.Settings{}, p)
		test(t, h, p)
		h.stop()
	})
}

// TestStoreAwayForAMinute: no socket is closed for it, pings go on, and what was
// asked and told meanwhile is answered and said afterwards, in order and once.
func TestStoreAwayForAMinute(t *testing.T) {
	bubble(t, func(t *testing.T, h *house, p *pipes) {
		missed, asked := h.wall.hang("Dusk"), h.wall.hang("Dawn")
		fridas, frida := h.wall.enrol("frida", time.Hour)
		gone, ended := h.wall.again(frida)
		diegos, diego := h.wall.enrol("diego", time.Hour)
		h.wall.notify(frida.User.ID, 3)
		open := func(path string) (*socket, *journal) {
			s := p.dial(t, path)
			j := s.follow()
			synctest.Wait()
			j.mu.Lock()
			defer j.mu.Unlock()
			j.heard = nil // the greeting
			return s, j
		}
		_, watcher := open("/ws/artwork/" + missed.ID + "/")
		asker, answers := open("/ws/artwork/" + asked.ID + "/")
		reader, stays := open("/ws/notifications/?token=" + fridas)
		_, goes := open("/ws/notifications/?token=" + gone)
		_, behind := open("/ws/notifications/?token=" + diegos)

		// What has committed by then, and was not told.
		h.wall.reveal(missed.ID)
		h.wall.revoke(ended.SessionID)
		of := h.wall.notify(diego.User.ID, 3)
		h.wall.breakDown(storeIsAway())
		before := runtime.NumGoroutine()
		h.signOut(t, frida.User.ID)
		synctest.Wait()
		h.broker.resubscribe()
		h.tell(t, of[2]) // two were lost
		for range 3 {
			asker.say(`{"type": "check_status"}`)
		}
		for i := range 3 {
			reader.say(fmt.Sprintf(`{"type": "mark_read", "up_to": %d}`, i+1))
		}
		time.Sleep(30 * time.Second)
		// From a node that has the store.
		h.tell(t, h.wall.notify(frida.User.ID, 2)...)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		for who, j := range map[string]*journal{"watcher": watcher, "asker": answers, "reader": stays, "signed out": goes, "behind": behind} {
			j.want(t, who+" in the outage", 0)
		}
		if got := runtime.NumGoroutine() - before; got > 20 {
			t.Errorf("%d goroutines wait for the store, want one for each thing asked at most", got)
		}

		h.wall.breakDown(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		watcher.want(t, "watcher", 0, "artwork_revealed")
		answers.want(t, "asker", 0, "artwork_status false", "artwork_status false", "artwork_status false")
		stays.want(t, "reader", 0, "seq 4", "seq 5")
		goes.want(t, "signed out", websockets.CloseSignedOut)
		behind.want(t, "behind", 0, "seq 1", "seq 2", "seq 3")
		if got := h.wall.readUpTo(frida.User.ID); got != 3 {
			t.Errorf("marked as read: got up to %d, want 3", got)
		}
		// And everything is live again.
		h.tell(t, h.wall.notify(frida.User.ID, 1)...)
		h.tell(t, h.wall.notify(diego.User.ID, 1)...)
		h.tellReveal(t, h.wall.reveal(missed.ID))
		synctest.Wait()
		stays.want(t, "reader", 0, "seq 4", "seq 5", "seq 6")
		behind.want(t, "behind", 0, "seq 1", "seq 2", "seq 3", "seq 4")
		watcher.want(t, "watcher", 0, "artwork_revealed")
	})
}

// TestReplayMeetsAnOutage: in the middle of its pages.
func TestReplayMeetsAnOutage(t *testing.T) {
	bubble(t, func(t *testing.T, h *house, p *pipes) {
		token, who := h.wall.enrol("frida", time.Hour)
		h.wall.notify(who.User.ID, 500)
		s := p.dial(t, "/ws/notifications/?since=0&token="+token) // takes nothing yet
		synctest.Wait()
		h.wall.breakDown(storeIsAway())
		j := s.follow()
		time.Sleep(time.Minute)
		h.wall.breakDown(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		want := []string{"welcome"}
		for seq := range 500 {
			want = append(want, fmt.Sprint("seq ", seq+1))
		}
		j.want(t, "replayed", 0, want...)
	})
}

// TestManyGroupsMeetAnOutage: all of a node's groups are subscribed anew while
// the store is away. It is asked a dozen times a second and not by each of
// them, no goroutine waits for each of them, and all have caught up within two
// seconds of its return.
func TestManyGroupsMeetAnOutage(t *testing.T) {
	bubble(t, func(t *testing.T, h *house, p *pipes) {
		const groups = 300
		journals := make([]*journal, groups)
		var works []gallery.ArtworkState
		for i := range journals {
			works = append(works, h.wall.hang("Dusk"))
			journals[i] = p.dial(t, "/ws/artwork/"+works[i].ID+"/").follow()
		}
		synctest.Wait()
		for _, a := range works {
			h.wall.reveal(a.ID)
		}
		h.wall.breakDown(storeIsAway())
		before := runtime.NumGoroutine()
		for range 20 { // a broker that flaps
			h.broker.resubscribe()
			time.Sleep(100 * time.Millisecond)
		}
		if got := runtime.NumGoroutine() - before; got > groups/5 { // the pings have some
			t.Errorf("%d goroutines for %d groups, want eight", got, groups)
		}
		asked := h.wall.refusals()
		time.Sleep(time.Minute)
		if got := h.wall.refusals() - asked; got < 60 || got > 16*60 {
			t.Errorf("asked %d times in a minute, want about eleven a second", got)
		}
		h.wall.breakDown(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for i, j := range journals {
			j.want(t, fmt.Sprint("watcher ", i), 0, "artwork_status false", "artwork_revealed")
		}
	})
}

// TestFullDiskHoldsUpNoRead: on a full disk the store can be read.
func TestFullDiskHoldsUpNoRead(t *testing.T) {
	bubble(t, func(t *testing.T, h *house, p *pipes) {
		h.wall.fillDisk(storeIsAway())
		token, who := h.wall.enrol("frida", time.Hour)
		var journals []*journal
		for range 200 { // many more than have a turn at a time
			s := p.dial(t, "/ws/notifications/?token="+token)
			journals = append(journals, s.follow())
			s.say(`{"type": "mark_read", "up_to": 1}`)
		}
		time.Sleep(10 * time.Second)
		h.wall.breakDown(storeIsAway())
		h.tell(t, h.wall.notify(who.User.ID, 2)[1])
		time.Sleep(time.Second)
		h.wall.breakDown(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for i, j := range journals {
			j.want(t, fmt.Sprint("reader ", i), 0, "welcome", "seq 1", "seq 2")
		}
		if got := h.wall.readUpTo(who.User.ID); got != 0 {
			t.Fatalf("marked up to %d on a full disk", got)
		}
		h.wall.fillDisk(nil)
		time.Sleep(20 * time.Second)
		if got := h.wall.readUpTo(who.User.ID); got != 1 {
			t.Errorf("marked as read: got up to %d, want 1", got)
		}
	})
}
