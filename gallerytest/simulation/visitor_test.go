package simulation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// visitor is somebody with a socket who comes back whenever it closes.
type visitor interface {
	// visit stays until the evening ends.
	visit(ctx context.Context)
	// act does something with the open socket, if there is one.
	act()
	// judge tells what has not been heard, when all has come to rest.
	judge()
	// hangUp breaks the open socket, if there is one.
	hangUp()
}

// message is any message of a server.
type message struct {
	Type       string `json:"type"`
	Message    string `json:"message"`
	IsRevealed bool   `json:"is_revealed"`
	Seq        int64  `json:"seq"`
	Artwork    struct {
		ID         string `json:"id"`
		IsRevealed bool   `json:"is_revealed"`
	} `json:"artwork"`
	Data struct {
		Type string `json:"type"`
	} `json:"data"`
}

// guest is what the two kinds of visitors have in common.
type guest struct {
	sim   *sim
	label string
	name  string // "" for nobody known

	mu    sync.Mutex
	token string
	wire  *wire // nil between two connections
}

func (g *guest) fault(format string, args ...any) {
	g.sim.fault("%s: %s", g.label, fmt.Sprintf(format, args...))
}

func (g *guest) current() (*wire, string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wire, g.token
}

func (g *guest) set(w *wire) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wire = w
}

func (g *guest) hangUp() {
	if w, _ := g.current(); w != nil {
		w.left.Store(true)
		w.hangUp()
	}
}

// credential is the query's token, a fresh one when the last has ended.
func (g *guest) credential() string {
	if g.name == "" {
		return ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token == "" || !g.sim.world.holds(g.token) {
		token, err := g.sim.world.signIn(g.name)
		if err != nil {
			g.fault("cannot sign in: %v", err)
		}
		g.token = token
	}
	return "?token=" + url.QueryEscape(g.token)
}

// dawdle is how a client reads: mostly at once, sometimes late, and now and
// then so late that the server gives it up.
func (g *guest) dawdle(ctx context.Context, w *wire) {
	switch {
	case g.sim.oneIn(400):
		w.excused = true
		g.sim.sleep(ctx, g.sim.between(patience/2, 2*patience))
	case g.sim.oneIn(20):
		g.sim.sleep(ctx, g.sim.between(time.Millisecond, patience/2))
	}
}

// ended judges how a connection closed: only for a reason that there was.
func (g *guest) ended(w *wire, err error) (code int) {
	end, ok := errors.AsType[*closed](err)
	if !ok {
		g.fault("on %s: %v", w.node.name, err)
		w.hangUp()
		return 0
	}
	crashed, ending := w.node.over()
	_, token := g.current()
	switch {
	case end.code == 1001 && ending:
	case end.code == 4401 && g.name != "" && !g.sim.world.holds(token):
	case end.code == 4408 && w.excused:
	case end.code == 4404: // the watcher's to judge
	case end.code == 0 && (crashed || ending || w.excused || w.left.Load()):
	default:
		g.fault("on %s: closed with %d for no reason (crashed %t, ending %t)", w.node.name, end.code, crashed, ending)
	}
	return end.code
}

// watcher has the socket of a work open.
type watcher struct {
	guest
	work string

	// The rest belongs to the open socket.
	told  bool   // that the work is revealed
	heard int    // artwork_revealed
	first bool   // artwork_status has come
	gone  bool   // the work, as this watcher was told
	asked []bool // check_status that are unanswered: whether it was revealed when they were sent
}

func (v *watcher) visit(ctx context.Context) {
	for ctx.Err() == nil {
		if n := v.sim.anyNode(); n != nil {
			before, _ := v.sim.world.state(v.work)
			w, status := n.dial("/ws/artwork/"+v.work+"/", v.credential())
			if status == http.StatusUnauthorized {
				v.fault("on %s: refused, where everybody is let in", n.name)
			}
			if status == http.StatusNotFound || w != nil && v.watch(ctx, w, before) == 4404 {
				v.mu.Lock()
				v.gone = true
				v.mu.Unlock()
				return
			}
		}
		v.sim.lag(ctx, 100*time.Millisecond, time.Second)
	}
}

// watch reads one socket to its end; before tells that the work was revealed
// before it was opened.
func (v *watcher) watch(ctx context.Context, w *wire, before bool) (code int) {
	v.mu.Lock()
	v.wire, v.told, v.heard, v.first, v.asked = w, false, 0, false, nil
	v.mu.Unlock()
	defer v.set(nil)
	for {
		v.dawdle(ctx, w)
		text, err := w.next()
		if err != nil {
			return v.ended(w, err)
		}
		v.sim.note("%s on %s hears %s", v.label, w.node.name, text)
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			v.fault("cannot read %s: %v", text, err)
		}
		v.hear(w, m, before)
	}
}

func (v *watcher) hear(w *wire, m message, before bool) {
	fact, gone := v.sim.world.state(v.work)
	v.mu.Lock()
	defer v.mu.Unlock()
	revealed := m.IsRevealed || m.Type == "artwork_revealed"
	switch {
	case revealed && !fact && !gone:
		v.fault("on %s: %s says revealed, and it is not", w.node.name, m.Type)
	case v.told && !revealed:
		v.fault("on %s: %s takes the reveal back", w.node.name, m.Type)
	case m.Artwork.ID != v.work:
		v.fault("on %s: hears of %s", w.node.name, m.Artwork.ID)
	}
	switch m.Type {
	case "artwork_status":
		if v.first && len(v.asked) == 0 {
			v.fault("on %s: an artwork_status that nobody asked for", w.node.name)
		} else if v.first {
			before, v.asked = v.asked[0], v.asked[1:]
		}
		if before && !revealed {
			v.fault("on %s: the status is older than the question", w.node.name)
		}
		if v.first && revealed && !v.told {
			v.fault("on %s: the status says revealed before artwork_revealed did", w.node.name)
		}
		v.first = true
	case "artwork_revealed":
		v.heard++
		if v.told || v.heard > 1 || !v.first {
			v.fault("on %s: artwork_revealed for the %d. time, told before: %t", w.node.name, v.heard, v.told)
		}
	default:
		v.fault("on %s: hears %s", w.node.name, m.Type)
	}
	v.told = v.told || revealed
}

// act asks how the work stands.
func (v *watcher) act() {
	fact, _ := v.sim.world.state(v.work)
	v.mu.Lock()
	w := v.wire
	if w == nil || !v.first {
		v.mu.Unlock()
		return
	}
	v.asked = append(v.asked, fact)
	v.mu.Unlock()
	w.write(1, []byte(`{"type": "check_status"}`)) // fails when the socket has closed, and asked with it
}

func (v *watcher) judge() {
	revealed, gone := v.sim.world.state(v.work)
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.gone && !gone:
		v.fault("was told that the work is gone, and it is not")
	case gone && !v.gone:
		v.fault("was not told that the work is gone")
	case gone:
	case v.wire == nil || !v.first:
		v.fault("has not come back")
	case revealed && !v.told:
		v.fault("on %s: never heard of the reveal", v.wire.node.name)
	case len(v.asked) > 0:
		v.fault("on %s: %d check_status are unanswered", v.wire.node.name, len(v.asked))
	}
}
