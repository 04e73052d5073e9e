package simulation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// listener has a notifications socket open. From its second socket on it asks
// for what it has missed, so that all its sockets together must hear every
// notification once.
type listener struct {
	guest

	began bool  // some socket has stood
	last  int64 // the highest seq heard

	socket *sitting
	past   []*sitting
}

// sitting is one socket of a listener. What was announced cannot be asked for
// again, so each is judged for itself.
type sitting struct {
	on        string
	lowest    int // announcements before it was opened
	highest   int // announcements when it was welcome
	welcome   bool
	announced []string
}

func (v *listener) visit(ctx context.Context) {
	for ctx.Err() == nil {
		if n := v.sim.anyNode(); n != nil {
			query := v.credential()
			v.mu.Lock()
			since := v.began
			if since {
				query += fmt.Sprintf("&since=%d", v.last)
			}
			s := &sitting{on: n.name, lowest: len(v.sim.world.announcements())}
			v.mu.Unlock()
			head := v.sim.world.head(v.name)
			w, status := n.dial("/ws/notifications/", query)
			if w != nil {
				v.listen(ctx, w, s, since, head)
			} else if _, token := v.current(); status == http.StatusUnauthorized && v.sim.world.holds(token) {
				v.fault("on %s: refused, with a token that holds", n.name)
			}
		}
		v.sim.lag(ctx, 100*time.Millisecond, time.Second)
	}
}

// listen reads one socket to its end. Without since it begins somewhere from
// head, where the inbox was before it was opened, to where it is at the welcome.
func (v *listener) listen(ctx context.Context, w *wire, s *sitting, since bool, head int64) {
	v.mu.Lock()
	v.wire, v.socket = w, s
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.wire, v.socket = nil, nil
		v.past = append(v.past, s)
	}()
	highest := head
	for {
		v.dawdle(ctx, w)
		text, err := w.next()
		if err != nil {
			if v.ended(w, err) == 4404 {
				v.fault("on %s: closed as if it were a work's", w.node.name)
			}
			return
		}
		v.sim.note("%s on %s hears %s", v.label, w.node.name, text)
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			v.fault("cannot read %s: %v", text, err)
		}
		now := v.sim.world.head(v.name)
		v.mu.Lock()
		switch {
		case !s.welcome:
			if m.Type != "welcome" {
				v.fault("on %s: hears %s first", w.node.name, m.Type)
			}
			s.welcome, s.highest = true, len(v.sim.world.announcements())
			if highest = now; !since && !v.began && head == now {
				// Where it begins is certain.
				v.began, v.last = true, now
			}
		case m.Type != "notification":
			v.fault("on %s: hears %s", w.node.name, m.Type)
		case m.Data.Type == "system_message":
			s.announced = append(s.announced, m.Message)
		default:
			v.hear(w, m, head, highest, now)
		}
		v.mu.Unlock()
	}
}

func (v *listener) hear(w *wire, m message, head, highest, now int64) {
	switch {
	case m.Seq > now:
		v.fault("on %s: hears notification %d, and there are %d", w.node.name, m.Seq, now)
	case v.began && m.Seq != v.last+1:
		v.fault("on %s: hears notification %d after %d", w.node.name, m.Seq, v.last)
	case !v.began && (m.Seq <= head || m.Seq > highest+1):
		v.fault("on %s: hears notification %d first, opened between %d and %d", w.node.name, m.Seq, head, highest)
	}
	v.began, v.last = true, m.Seq
}

// act marks as read what was heard.
func (v *listener) act() {
	v.mu.Lock()
	w, last := v.wire, v.last
	v.mu.Unlock()
	if w != nil && last > 0 {
		w.write(1, fmt.Appendf(nil, `{"type": "mark_read", "up_to": %d}`, last))
	}
}

func (v *listener) judge() {
	head := v.sim.world.head(v.name)
	all := v.sim.world.announcements()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.socket == nil || !v.socket.welcome {
		v.fault("has not come back")
		return
	}
	if !v.sim.world.holds(v.token) {
		v.fault("on %s: signed out, and still there", v.socket.on)
	}
	if v.began && v.last != head {
		v.fault("on %s: heard up to notification %d of %d", v.socket.on, v.last, head)
	}
	for _, s := range append(v.past, v.socket) {
		v.judgeAnnouncements(s, all, s == v.socket)
	}
}

// judgeAnnouncements holds what a socket heard of the announcements against
// their list: a piece of it without a gap, which begins while the socket was
// being opened and, where it is still open, ends with the last.
func (v *listener) judgeAnnouncements(s *sitting, all []string, open bool) {
	if !s.welcome {
		return
	}
	number := map[string]int{}
	for i, text := range all {
		number[text] = i + 1
	}
	if len(s.announced) == 0 {
		if open && len(all) > s.highest {
			v.fault("on %s: heard no announcement of those from %d to %d", s.on, s.highest+1, len(all))
		}
		return
	}
	for i, text := range s.announced {
		switch n := number[text]; {
		case n == 0:
			v.fault("on %s: hears %q, which nobody announced", s.on, text)
		case i == 0 && (n <= s.lowest || n > s.highest+1):
			v.fault("on %s: hears announcement %d first, opened between %d and %d", s.on, n, s.lowest, s.highest)
		case i > 0 && n != number[s.announced[i-1]]+1:
			v.fault("on %s: hears announcement %d after %d", s.on, n, number[s.announced[i-1]])
		case open && i == len(s.announced)-1 && n != len(all):
			v.fault("on %s: heard up to announcement %d of %d", s.on, n, len(all))
		}
	}
}
