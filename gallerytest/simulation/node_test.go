package simulation_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/websockets"
)

const host = "127.0.0.1:8080"

// patience is how long a node waits for a peer that takes nothing.
const patience = 2 * time.Second

// node is one of the machines: it lives, dies and lives again.
type node struct {
	sim  *sim
	name string

	mu    sync.Mutex
	lives int
	life  *life // nil while it is down
}

// life is a node from its start to its end, by crash or in good order.
type life struct {
	sim    *sim
	name   string // never used before, nor again
	link   *link
	keeper keeper
	server *websockets.Server

	stopServing context.CancelFunc
	stopKeeping context.CancelFunc
	serving     chan struct{}
	keeping     chan struct{}

	mu      sync.Mutex
	taking  bool           // new connections
	crashed bool           // all at once
	ending  bool           // in good order
	away    bool           // the store is, for this node
	wires   map[*wire]bool // open connections
	crowd   map[place]int  // who is before which work, as the node was told
}

// place is somebody before a work; user "" is anybody.
type place struct{ work, user string }

// start brings the node up.
func (n *node) start() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.life != nil {
		return
	}
	n.lives++
	l := &life{
		sim: n.sim, name: fmt.Sprintf("%s.%d", n.name, n.lives), link: n.sim.exchange.connect(),
		serving: make(chan struct{}), keeping: make(chan struct{}),
		taking: true, wires: map[*wire]bool{}, crowd: map[place]int{},
	}
	var err error
	if l.keeper, err = n.sim.world.keeper(l.name, websockets.NewEventHandler(l.link)); err != nil {
		panic(err)
	}
	policy, err := origin.New("", nil, host)
	if err != nil {
		panic(err)
	}
	l.server, err = websockets.NewServer(&desk{l.keeper, l}, l.link, websockets.Settings{
		Origin: policy, Limits: ratelimit.New(ratelimit.Table{}, nil, nil),
		Conn: websockets.Config{WriteTimeout: patience, PingInterval: 5 * time.Second},
	})
	if err != nil {
		panic(err)
	}
	var serve, keep context.Context
	serve, l.stopServing = context.WithCancel(context.Background())
	keep, l.stopKeeping = context.WithCancel(context.Background())
	go func() {
		defer close(l.serving)
		if err := l.server.Run(serve); err != nil {
			l.sim.fault("%s: the server ends with %v", l.name, err)
		}
	}()
	go func() {
		defer close(l.keeping)
		if err := l.keeper.run(keep); err != nil {
			l.sim.fault("%s: the curator ends with %v", l.name, err)
		}
	}()
	n.life = l
	n.sim.note("%s is up", l.name)
}

// leave takes the life away from the node, which may then start another.
func (n *node) leave() *life {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.life
	n.life = nil
	return l
}

func (n *node) alive() *life {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.life
}

// crash ends the node as kill -9 does: what it was about to say it never says.
func (n *node) crash() {
	l := n.leave()
	if l == nil {
		return
	}
	n.sim.note("%s crashes", l.name)
	l.mu.Lock()
	l.taking, l.crashed = false, true
	wires := l.wires
	l.wires = map[*wire]bool{}
	l.mu.Unlock()
	l.link.die()
	for w := range wires {
		w.hangUp()
	}
	l.stopKeeping()
	l.stopServing()
	l.bury()
}

// stop ends the node in good order: the sockets first, then what they wait for.
func (n *node) stop() {
	l := n.leave()
	if l == nil {
		return
	}
	n.sim.note("%s stops", l.name)
	l.mu.Lock()
	l.taking, l.ending = false, true
	l.mu.Unlock()
	l.stopServing()
	<-l.serving
	l.stopKeeping()
	l.bury()
	l.link.die()
}

// bury waits for the end of a life, and looks what it has left behind.
func (l *life) bury() {
	<-l.serving
	<-l.keeping
	if left := l.link.left(); left > 0 {
		l.sim.fault("%s has ended and left %d subscriptions", l.name, left)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, n := range l.crowd {
		if n != 0 {
			l.sim.fault("%s has ended and left %d of %q before work %s", l.name, n, p.user, p.work)
		}
	}
}

// take registers a connection, unless nobody takes any.
func (l *life) take(w *wire) bool {
	w.node = l
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taking {
		l.wires[w] = true
	}
	return l.taking
}

func (l *life) drop(w *wire) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.wires, w)
}

// over tells that connections may end, and how.
func (l *life) over() (crashed, ending bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.crashed, l.ending
}

func (l *life) setAway(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

// desk is between a node's sockets and its curator: what they ask takes its
// time on the way there and on the way back, and gets no answer while the store
// is away.
type desk struct {
	keeper
	life *life
}

func (d *desk) trip(ctx context.Context) error {
	if err := d.life.sim.lag(ctx, time.Millisecond, 200*time.Millisecond); err != nil {
		return err
	}
	d.life.mu.Lock()
	defer d.life.mu.Unlock()
	if d.life.away || d.life.crashed {
		return gallery.Errorf(gallery.Unavailable, "The store is away.")
	}
	return nil
}

func asked[T any](ctx context.Context, d *desk, ask func() (T, error)) (answer T, err error) {
	if err := d.trip(ctx); err != nil {
		return answer, err
	}
	if answer, err = ask(); err != nil {
		return answer, err
	}
	var none T
	if err := d.trip(ctx); err != nil {
		return none, err
	}
	return answer, nil
}

func (d *desk) Authenticate(ctx context.Context, c auth.Credential) (auth.Identity, error) {
	return asked(ctx, d, func() (auth.Identity, error) { return d.keeper.Authenticate(ctx, c) })
}

func (d *desk) Reauthenticate(ctx context.Context, who auth.Identity) error {
	_, err := asked(ctx, d, func() (struct{}, error) { return struct{}{}, d.keeper.Reauthenticate(ctx, who) })
	return err
}

func (d *desk) ArtworkState(ctx context.Context, id string) (gallery.ArtworkState, error) {
	return asked(ctx, d, func() (gallery.ArtworkState, error) { return d.keeper.ArtworkState(ctx, id) })
}

func (d *desk) InboxHead(ctx context.Context, userID string) (int64, error) {
	return asked(ctx, d, func() (int64, error) { return d.keeper.InboxHead(ctx, userID) })
}

func (d *desk) InboxAfter(ctx context.Context, userID string, after int64, limit int) ([]gallery.Notification, error) {
	return asked(ctx, d, func() ([]gallery.Notification, error) { return d.keeper.InboxAfter(ctx, userID, after, limit) })
}

func (d *desk) AnnouncementHead(ctx context.Context) (int64, error) {
	return asked(ctx, d, func() (int64, error) { return d.keeper.AnnouncementHead(ctx) })
}

func (d *desk) AnnouncementsAfter(ctx context.Context, after int64, limit int) ([]gallery.Announcement, error) {
	return asked(ctx, d, func() ([]gallery.Announcement, error) { return d.keeper.AnnouncementsAfter(ctx, after, limit) })
}

func (d *desk) MarkReadUpTo(ctx context.Context, userID string, seq int64) (int64, error) {
	return asked(ctx, d, func() (int64, error) { return d.keeper.MarkReadUpTo(ctx, userID, seq) })
}

// Enter implements websockets.Gallery, and remembers who was counted.
func (d *desk) Enter(work string, who auth.Identity) (leave func()) {
	p := place{work, who.User.Username}
	count := func(by int) {
		d.life.mu.Lock()
		defer d.life.mu.Unlock()
		if d.life.crowd[p] += by; d.life.crowd[p] == 0 {
			delete(d.life.crowd, p)
		}
	}
	count(1)
	inner := d.keeper.Enter(work, who)
	return sync.OnceFunc(func() { count(-1); inner() })
}

// do is something that a visitor has this node do, with an outcome that is
// known only when the answer comes.
func (l *life) do(ctx context.Context, what func(ctx context.Context) error) error {
	d := &desk{l.keeper, l}
	_, err := asked(ctx, d, func() (struct{}, error) { return struct{}{}, what(ctx) })
	return err
}
