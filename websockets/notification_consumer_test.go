package websockets_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/coder/websocket"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/websockets"
)

// tell publishes notifications, as the relay does after the commit.
func (h *house) tell(t testing.TB, list ...gallery.Notification) {
	t.Helper()
	for _, n := range list {
		if err := h.events.NotifyNewComment(context.Background(), n); err != nil {
			t.Errorf("tell of notification %d: %v", n.Seq, err)
		}
	}
}

func (h *house) broadcast(t testing.TB, a gallery.Announcement) {
	t.Helper()
	if err := h.events.BroadcastSystemMessage(context.Background(), a); err != nil {
		t.Errorf("broadcast: %v", err)
	}
}

// wantSeqs takes notifications until each seq from first to last was said, in
// order and once.
func (s *socket) wantSeqs(first, last int64) {
	s.t.Helper()
	for want := first; want <= last; want++ {
		if m := s.next(); m["seq"] != float64(want) {
			s.t.Fatalf("next notification: got %v, want seq %d", m, want)
		}
	}
}

// silent checks that nothing was said to a notifications socket that was not
// taken: a broadcast made now must be the next message.
func (h *house) silent(t testing.TB, sockets ...*socket) {
	t.Helper()
	a := h.wall.announce("silence, please " + strconv.FormatInt(time.Now().UnixNano(), 36))
	h.broadcast(t, a)
	for _, s := range sockets {
		if m := s.next(); m["message"] != a.Message {
			t.Errorf("next message: got %v, want the broadcast made just now", m)
		}
	}
}

func TestNotificationsAreExact(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	s := h.listen(t, token, "") // which compares the welcome
	at := time.Date(2026, 7, 4, 12, 30, 0, 123_999_000, time.FixedZone("", 2*60*60))
	base := gallery.Notification{RecipientID: who.User.ID, CreatedAt: at}
	ctx := context.Background()

	n := base
	n.ID, n.Seq, n.Message = "n-1", 1, gallery.CommentSentence(`A "T" & <b>`)
	n.Data = gallery.NotificationData{Type: gallery.NewComment, ArtworkID: "a-1", CommentID: "c-1", User: "diego"}
	if err := h.events.NotifyNewComment(ctx, n); err != nil {
		t.Fatal(err)
	}
	s.want(`{"type": "notification", "message": "New comment on your artwork \"A \"T\" & <b>\"",
		"data": {"type": "new_comment", "artwork_id": "a-1", "comment_id": "c-1", "user": "diego"},
		"id": "n-1", "seq": 1, "created_at": "2026-07-04T10:30:00.123Z"}`)

	n = base
	n.ID, n.Seq, n.Message = "n-2", 2, gallery.MilestoneSentence("T", 10)
	n.Data = gallery.NotificationData{Type: gallery.ViewMilestone, ArtworkID: "a-1", ViewCount: 10}
	if err := h.events.NotifyNewView(ctx, n); err != nil {
		t.Fatal(err)
	}
	s.want(`{"type": "notification", "message": "Your artwork \"T\" has reached 10 views!",
		"data": {"type": "view_milestone", "artwork_id": "a-1", "view_count": 10},
		"id": "n-2", "seq": 2, "created_at": "2026-07-04T10:30:00.123Z"}`)

	n = base
	n.ID, n.Seq, n.Message = "n-3", 3, gallery.RevealSentence("T")
	n.Data = gallery.NotificationData{Type: gallery.ArtworkRevealed, ArtworkID: "a-1"}
	if err := h.events.NotifyArtworkRevealed(ctx, gallery.ArtworkState{ID: "a-1"}, n); err != nil {
		t.Fatal(err)
	}
	s.want(`{"type": "notification", "message": "Your artwork \"T\" has been revealed!",
		"data": {"type": "artwork_revealed", "artwork_id": "a-1"},
		"id": "n-3", "seq": 3, "created_at": "2026-07-04T10:30:00.123Z"}`)

	a := gallery.Announcement{ID: "s-1", Number: 1, Message: "We close at ten.", CreatedAt: at}
	h.broadcast(t, a)
	s.want(`{"type": "notification", "message": "We close at ten.", "data": {"type": "system_message"},
		"id": "s-1", "created_at": "2026-07-04T10:30:00.123Z"}`)
}

// TestFieldOrder: a reader of the specification finds the fields in its order.
func TestFieldOrder(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	h.wall.notify(who.User.ID, 1)
	s := h.dial(t, "/ws/notifications/?since=0&token="+token)
	for _, want := range []string{`{"type":"welcome","message":`, `{"type":"notification","message":`} {
		_, data, err := s.conn.Read(t.Context())
		if err != nil || len(data) < len(want) || string(data[:len(want)]) != want {
			t.Errorf("got %s (%v), want it to begin with %s", data, err, want)
		}
	}
}

func TestSince(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	h.wall.notify(who.User.ID, 7)
	for query, first := range map[string]int64{
		"":                               8,
		"&since=0":                       1,
		"&since=000":                     1,
		"&since=3":                       4,
		"&since=0003":                    4,
		"&since=7":                       8,
		"&since=8":                       8,
		"&since=9223372036854775807":     8,
		"&since=9223372036854775808":     8,
		"&since=99999999999999999999999": 8,
	} {
		t.Run("query "+query, func(t *testing.T) {
			s := h.listen(t, token, query)
			s.wantSeqs(first, 7)
			h.silent(t, s)
		})
	}
}

// TestReplayOfThousands goes through many pages while new entries arrive.
func TestReplayOfThousands(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	h.wall.notify(who.User.ID, 3000)
	s := h.listen(t, token, "&since=0")
	s.wantSeqs(1, 100)
	for range 100 {
		h.tell(t, h.wall.notify(who.User.ID, 1)...)
	}
	s.wantSeqs(101, 3100)
	h.tell(t, h.wall.notify(who.User.ID, 1)...)
	s.wantSeqs(3101, 3101)
	h.silent(t, s)
}

// TestSlowReaderIsReplayedTo: a client that takes its replay slowly is not too
// slow; what it has not taken waits in the store and not in its queue.
func TestSlowReaderIsReplayedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		h := openHouseOn(t, websockets.Settings{Conn: websockets.Config{QueueMessages: 60, QueueBytes: 64 << 10}}, p)
		token, who := h.wall.enrol("frida", time.Hour)
		const n = 5000
		h.wall.notify(who.User.ID, n)
		s := p.dial(t, "/ws/notifications/?since=0&token="+token)
		s.next()        // the welcome
		synctest.Wait() // until the server does nothing any more
		if pages := h.wall.pagesRead(); pages == 0 || pages > 2 {
			t.Errorf("pages read for a client that takes nothing: got %d of %d, want one or two", pages, n/50)
		}
		for first := int64(1); first < n; first += 50 {
			time.Sleep(time.Second) // takes a page a second; each is within its write timeout
			s.wantSeqs(first, first+49)
		}
		h.silent(t, s)
		s.conn.CloseNow()
		h.stop()
	})
}

func TestReplayComesBeforeAnythingLive(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	h.wall.notify(who.User.ID, 500)
	h.wall.onHeadRead(func(string) {
		h.wall.onHeadRead(nil)
		h.broadcast(t, h.wall.announce("early")) // before its head is read: nobody was there
		h.tell(t, h.wall.notify(who.User.ID, 1)...)
	})
	s := h.listen(t, token, "&since=0")
	a := h.wall.announce("live")
	h.broadcast(t, a)
	s.wantSeqs(1, 501)
	if m := s.next(); m["message"] != a.Message {
		t.Errorf("after the replay: got %v, want the system message", m)
	}
}

func TestOutOfOrder(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	s := h.listen(t, token, "")
	n := h.wall.notify(who.User.ID, 6)
	h.tell(t, n[5], n[4]) // the sixth overtakes the fifth, and the rest is lost
	s.wantSeqs(1, 6)
	h.tell(t, n...)
	h.tell(t, n[2], n[5])
	h.silent(t, s)
	h.tell(t, h.wall.notify(who.User.ID, 1)...)
	s.wantSeqs(7, 7)
}

func TestSystemMessagesOutOfOrder(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, _ := h.wall.enrol("frida", time.Hour)
	h.wall.announce("before anybody came")
	s := h.listen(t, token, "&since=0")
	a, b, c := h.wall.announce("a"), h.wall.announce("b"), h.wall.announce("c")
	h.broadcast(t, c)
	h.broadcast(t, a)
	h.broadcast(t, b)
	h.broadcast(t, b)
	for _, want := range []string{"a", "b", "c"} {
		if m := s.next(); m["message"] != want || m["seq"] != nil {
			t.Errorf("system message: got %v, want %q without a seq", m, want)
		}
	}
	h.silent(t, s)
}

// TestPurgedEntriesAreNotWaitedFor: what the retention has taken from the store
// is passed over, at once.
func TestPurgedEntriesAreNotWaitedFor(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	h.wall.notify(who.User.ID, 10)
	h.wall.purge(who.User.ID, 6)
	s := h.listen(t, token, "&since=2")
	s.wantSeqs(7, 10)

	n := h.wall.notify(who.User.ID, 5)
	h.wall.purge(who.User.ID, 15)
	h.tell(t, n[4])
	h.tell(t, h.wall.notify(who.User.ID, 1)...)
	s.wantSeqs(16, 16)

	all := h.listen(t, token, "&since=0")
	all.wantSeqs(16, 16)
	h.silent(t, s, all)
}

// TestClaimOfWhatIsNotThere: a message of the broker that the store knows
// nothing about must not silence a socket.
func TestClaimOfWhatIsNotThere(t *testing.T) {
	synctest.Test(t, claimOfWhatIsNotThere)
}

func claimOfWhatIsNotThere(t *testing.T) {
	p := newPipes()
	h := openHouseOn(t, websockets.Settings{}, p)
	token, who := h.wall.enrol("frida", time.Hour)
	s := p.dial(t, "/ws/notifications/?token="+token)
	s.next() // the welcome
	h.tell(t, gallery.Notification{RecipientID: who.User.ID, Seq: 1 << 60, Message: "forged"})
	synctest.Wait() // until the store has been asked for it, and for no more
	if got := h.wall.pagesRead(); got != 1 {
		t.Errorf("the store was asked %d times for what it does not have, want once", got)
	}
	h.tell(t, h.wall.notify(who.User.ID, 1)...)
	s.wantSeqs(1, 1)
	h.tell(t, h.wall.notify(who.User.ID, 1)...)
	s.wantSeqs(2, 2)
	h.silent(t, s)
	s.conn.CloseNow()
	h.stop()
}

func TestMissedNotificationsAreMadeGood(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	one, two := h.listen(t, token, ""), h.listen(t, token, "&since=0")
	h.wall.notify(who.User.ID, 120)
	h.wall.announce("missed")
	h.broker.resubscribe()
	for _, s := range []*socket{one, two} {
		said := map[string]int64{}
		for range 121 {
			m := s.next()
			kind := m["data"].(map[string]any)["type"].(string)
			said[kind]++
			if kind == "new_comment" && m["seq"] != float64(said[kind]) {
				t.Fatalf("notification: got %v, want seq %d", m, said[kind])
			}
		}
		if said["new_comment"] != 120 || said["system_message"] != 1 {
			t.Errorf("made good: got %v, want 120 notifications and 1 system message", said)
		}
	}
	h.broker.resubscribe()
	h.silent(t, one, two)
}

func TestUsersHearOnlyTheirOwn(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	tokenA, a := h.wall.enrol("frida", time.Hour)
	tokenB, b := h.wall.enrol("diego", time.Hour)
	fridas, diegos := h.listen(t, tokenA, ""), h.listen(t, tokenB, "")
	h.tell(t, h.wall.notify(a.User.ID, 2)...)
	h.tell(t, h.wall.notify(b.User.ID, 1)...)
	fridas.wantSeqs(1, 2)
	diegos.wantSeqs(1, 1)
	h.silent(t, fridas, diegos)
}

func TestMarkRead(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, who := h.wall.enrol("frida", time.Hour)
	h.wall.notify(who.User.ID, 9)
	s := h.listen(t, token, "&live=1")
	for _, odd := range append(oddMessages[:20:20],
		`{"type": "mark_read"}`, `{"type": "mark_read", "up_to": null}`, `{"type": "mark_read", "up_to": "5"}`,
		`{"type": "mark_read", "up_to": -5}`, `{"type": "mark_read", "up_to": 5.5}`, `{"type": "mark_read", "up_to": 1e1}`,
		`{"type": "mark_read", "up_to": [5]}`, `{"type": "mark_read", "up_to": 0}`, `{"type": "mark_read", "UP_TO": 5}`,
	) {
		s.say(odd)
	}
	s.say(`{"type": "mark_read", "up_to": 3}`)
	eventually(t, "notifications up to 3 are read", func() bool { return h.wall.readUpTo(who.User.ID) == 3 })
	s.say(`{"type": "mark_read", "up_to": 99999999999999999999}`)
	eventually(t, "all notifications are read", func() bool { return h.wall.readUpTo(who.User.ID) == 9 })
	h.silent(t, s)
}

func TestBrokenStoreEndsNotifications(t *testing.T) {
	for name, act := range map[string]func(h *house, s *socket, userID string){
		"mark_read":         func(_ *house, s *socket, _ string) { s.say(`{"type": "mark_read", "up_to": 1}`) },
		"a gap":             func(h *house, s *socket, id string) { h.tell(s.t, gallery.Notification{RecipientID: id, Seq: 5}) },
		"a re-subscription": func(h *house, _ *socket, _ string) { h.broker.resubscribe() },
		"a sign-out": func(h *house, s *socket, id string) {
			if err := h.events.SignedOut(context.Background(), id); err != nil {
				s.t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t, websockets.Settings{})
			token, who := h.wall.enrol("frida", time.Hour)
			s := h.listen(t, token, "")
			h.wall.breakDown(fmt.Errorf("read: %w", errBroken))
			act(h, s, who.User.ID)
			m, err := s.read()
			if got, want := client.CloseStatus(err), websockets.CloseServerBusy; int(got) != want {
				t.Errorf("got message %v and close code %d, want %d and nothing said", m, got, want)
			}
		})
	}
}
