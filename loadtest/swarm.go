package loadtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Swarm is many WebSocket clients of one address. Make one with [NewSwarm], run
// it once with [Swarm.Run]. All methods are safe for concurrent use.
type Swarm struct {
	config Config
	engine engine
	tally  *tally

	running   atomic.Bool
	settled   chan struct{}
	unsettled atomic.Int64
	once      sync.Once
}

// engine holds the sockets. Two exist: poll and crowd.
type engine interface {
	// run opens and serves the sockets until ctx ends, and then closes them.
	run(ctx context.Context) error
	// send sends a message of a socket that is open; it returns when the write began.
	send(socket int, payload []byte) (at int64, err error)
	// stall has a socket stop reading, or read on.
	stall(socket int, stalled bool) error
}

// goodbyePatience is how long a swarm that ends waits for the answers to its
// close frames.
const goodbyePatience = 2 * time.Second

// ErrNotOpen is what [Swarm.Send] and [Swarm.Stall] return for a socket that is
// not open.
var ErrNotOpen = errors.New("the socket is not open")

// NewSwarm checks that everything the sockets need is there: the configuration,
// as many open files, as many ports. It opens nothing yet, but raises the soft
// limit of open files to the hard one where it has to.
func NewSwarm(c Config) (*Swarm, error) {
	c, err := c.complete()
	if err != nil {
		return nil, fmt.Errorf("swarm: %w", err)
	}
	target, err := aim(c)
	if err != nil {
		return nil, fmt.Errorf("swarm: %w", err)
	}
	if err := RequireFiles(c.Sockets); err != nil {
		return nil, fmt.Errorf("swarm: %w", err)
	}
	s := &Swarm{config: c, tally: newTally(), settled: make(chan struct{})}
	s.unsettled.Store(int64(c.Sockets))
	if c.Engine == Epoll || c.Engine == Auto && c.TLS == nil && hasEpoll {
		s.engine = newPoll(s, target)
	} else {
		s.engine = newCrowd(s, target)
	}
	return s, nil
}

// Run opens the sockets and serves them until ctx ends, then closes them in good
// order (with 1000, waiting for the server's answer for up to 2 s; see
// Config.Abrupt) and returns nil. No callback runs after ctx has ended and Run
// has returned. An error means that the swarm itself could not go on; what
// happens to single sockets is counted. Run may be called once.
func (s *Swarm) Run(ctx context.Context) error {
	if s.running.Swap(true) {
		return errors.New("swarm: it ran already")
	}
	s.tally.began.Store(Now())
	if err := s.engine.run(ctx); err != nil {
		return fmt.Errorf("swarm: %w", err)
	}
	return nil
}

// Settled is closed once every socket has been opened or given up for the first
// time; never when Run ends before.
func (s *Swarm) Settled() <-chan struct{} { return s.settled }

// Send sends a text message from a socket and returns the time just before it
// was handed to the kernel (see [Now]). The error is [ErrNotOpen] while the
// socket is not open. A message that the kernel does not take at once waits in
// memory with Epoll, and holds up the caller with Goroutines.
func (s *Swarm) Send(socket int, text []byte) (at int64, err error) {
	if socket < 0 || socket >= s.config.Sockets {
		return 0, fmt.Errorf("send: there is no socket %d", socket)
	}
	if at, err = s.engine.send(socket, text); err != nil {
		return 0, fmt.Errorf("send from socket %d: %w", socket, err)
	}
	s.tally.sent.Add(1)
	return at, nil
}

// Stall has an open socket stop reading (stalled) or read on: a reader whose
// machine sleeps. What comes fills the kernel's buffers, pings stay unanswered,
// and that the server closes the socket goes unnoticed until it reads on.
func (s *Swarm) Stall(socket int, stalled bool) error {
	if socket < 0 || socket >= s.config.Sockets {
		return fmt.Errorf("stall: there is no socket %d", socket)
	}
	if err := s.engine.stall(socket, stalled); err != nil {
		return fmt.Errorf("stall socket %d: %w", socket, err)
	}
	return nil
}

// EngineName is "epoll" or "goroutines": what serves the sockets.
func (s *Swarm) EngineName() string {
	if _, is := s.engine.(*crowd); is {
		return "goroutines"
	}
	return "epoll"
}

// Counts returns what was counted so far.
func (s *Swarm) Counts() Counts { return s.tally.counts() }

// TakeLag returns how late the swarm was since the last call, or since Run
// began, and starts counting anew.
func (s *Swarm) TakeLag() Lag { return s.tally.takeLag() }

// settle counts a socket whose first outcome is known.
func (s *Swarm) settle() {
	if s.unsettled.Add(-1) == 0 {
		s.once.Do(func() { close(s.settled) })
	}
}
