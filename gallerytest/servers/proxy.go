package servers

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Wire is a TCP proxy whose faults are the test's to choose. It begins whole.
// All methods are safe for concurrent use.
type Wire struct {
	Addr string // host:port, where it listens

	target string
	framed framing
	group  sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while cut
	links    map[*link]bool
	delay    time.Duration
	rate     int              // bytes a second in each direction, 0 for any
	gates    [2]chan struct{} // while stalled: closed by Heal; by direction
	swallow  [2]bool          // of links to come
}

// Direction is one of the two ways of a connection, as seen by who dials.
type Direction int

// The directions.
const (
	Up   Direction = iota // from who dials to the server
	Down                  // from the server to who dialled
)

// Proxy starts a wire to a server, of which nothing is known but that it
// speaks TCP.
func Proxy(t testing.TB, target string) *Wire {
	t.Helper()
	return startWire(t, target, chunks)
}

// RedisProxy is Proxy to a Redis, whose subscriptions can go deaf
// ([Wire.Deafen]).
func RedisProxy(t testing.TB, target string) *Wire {
	t.Helper()
	return startWire(t, target, replies)
}

func startWire(t testing.TB, target string, framed framing) *Wire {
	t.Helper()
	w := &Wire{target: target, framed: framed, links: map[*link]bool{}}
	must(t, onFreePort(func(port int) error {
		w.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		return w.listen()
	}))
	t.Cleanup(func() {
		w.Cut()
		w.group.Wait()
	})
	return w
}

// listen accepts connections from now on.
func (w *Wire) listen() error {
	listener, err := net.Listen("tcp", w.Addr)
	if err != nil {
		return err
	}
	w.listener = listener
	w.group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // cut
			}
			w.group.Go(func() { w.serve(listener, client) })
		}
	})
	return nil
}

// serve carries one connection until it ends.
func (w *Wire) serve(accepted net.Listener, client net.Conn) {
	server, err := net.DialTimeout("tcp", w.target, patience)
	if err != nil {
		reset(client) // as far as a proxy can say "refused"
		return
	}
	l := &link{wire: w, client: client, server: server, done: make(chan struct{})}
	w.mu.Lock()
	if w.listener != accepted { // cut meanwhile
		w.mu.Unlock()
		l.close()
		return
	}
	for d, s := range w.swallow {
		l.swallow[d].Store(s)
	}
	w.links[l] = true
	w.mu.Unlock()
	l.carry()
	w.mu.Lock()
	delete(w.links, l)
	w.mu.Unlock()
}

// Delay has everything arrive so much later, in each direction.
func (w *Wire) Delay(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = d
}

// Throttle lets so many bytes a second through, in each direction of each
// connection.
func (w *Wire) Throttle(bytesPerSecond int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rate = bytesPerSecond
}

// Reset breaks all connections. New ones are as good as ever.
func (w *Wire) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.links {
		l.close()
	}
}

// Cut breaks all connections and refuses new ones until [Wire.Heal].
func (w *Wire) Cut() {
	w.mu.Lock()
	if w.listener != nil {
		w.listener.Close()
		w.listener = nil
	}
	w.mu.Unlock()
	w.Reset()
}

// Stall holds back what goes in a direction until [Wire.Heal], as a network
// that is down for a while: connections are neither broken nor refused, and
// nothing is lost. The end of a connection is held back too.
func (w *Wire) Stall(directions ...Direction) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range directions {
		if w.gates[d] == nil {
			w.gates[d] = make(chan struct{})
		}
	}
}

// Swallow makes the connections there are half-open, for good: what they send
// in a direction is taken and thrown away, and neither side hears that the
// other one has gone. With all, so are new ones until [Wire.Heal].
func (w *Wire) Swallow(all bool, directions ...Direction) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range directions {
		for l := range w.links {
			l.swallow[d].Store(true)
		}
		w.swallow[d] = w.swallow[d] || all
	}
}

// Deafen makes the subscriptions there are deaf, for good, as a fail-over can:
// the connection lives, commands are answered, and no message comes any more.
// New connections hear. For a [RedisProxy].
func (w *Wire) Deafen() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.links {
		l.deaf.Store(true)
	}
}

// Heal ends all faults, but does not mend what is broken for good: who was cut
// off connects again.
func (w *Wire) Heal(t testing.TB) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay, w.rate, w.swallow = 0, 0, [2]bool{}
	for d, gate := range w.gates {
		if gate != nil {
			close(gate)
			w.gates[d] = nil
		}
	}
	if w.listener == nil {
		must(t, w.listen())
	}
}

// Connections is how many connections go through the wire now.
func (w *Wire) Connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.links)
}

// weather is what the faults mean for something that is sent now.
func (w *Wire) weather(d Direction) (delay time.Duration, rate int, gate <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.delay, w.rate, w.gates[d]
}

// reset ends a connection without a goodbye.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it may be closed already
	}
	_ = c.Close()
}
