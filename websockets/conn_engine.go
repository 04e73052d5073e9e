package websockets

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net"
	"time"

	"golang.org/x/time/rate"
)

// Config is what all connections of an [Engine] have in common. Its zero values
// are the limits that docs/protocol.md promises for sockets; only the frame
// rate is unlimited unless it is set.
type Config struct {
	MaxMessage    int           // bytes of one message, fragments added up, else 1009; 0: 4 KiB
	Binary        bool          // whether binary messages are welcome, else 1003
	QueueMessages int           // messages that may wait for a slow peer, else 4408; 0: 256
	QueueBytes    int           // bytes that may wait for a slow peer, else 4408; 0: 1 MiB
	WriteTimeout  time.Duration // how long a peer may take not one byte, else 4408; 0: 10 s
	FrameRate     rate.Limit    // frames a second a peer may send, 64 continuations for one, else 4429; 0: no limit
	FrameBurst    int           // frames it may send at once; 0: those of one second
	PingInterval  time.Duration // two pings without a pong end a connection; 0: 25 s
	// HoldSlow reads nothing from a peer while something waits for it: it is held
	// up rather than closed. For servers whose every message has an answer.
	HoldSlow bool
	// Goroutines has a goroutine wait at each socket, also where the system can
	// tell which are ready.
	Goroutines bool
	// Panicked is told of a panic in Handler.Message, which then costs only its
	// own connection: 1011. The value may quote what the peer has sent. nil lets
	// the panic end the program, and a panic anywhere else always does.
	Panicked func(value any, stack []byte)
}

// mostPollers is how many goroutines read at most where the system tells which
// sockets are ready. What they do besides the system calls is little, and what a
// message causes happens elsewhere.
const mostPollers = 4

// Engine makes connections and owns them: their goroutines, their buffers and
// their heartbeat. It is safe for concurrent use.
type Engine struct {
	cfg     Config
	rules   readRules
	buffers *buffers
	started time.Time
	pulse   pulse
	pollers pollers
}

// NewEngine makes an engine without connections.
func NewEngine(cfg Config) *Engine {
	cfg.MaxMessage = cmp.Or(cfg.MaxMessage, 4<<10)
	cfg.QueueMessages = cmp.Or(cfg.QueueMessages, 256)
	cfg.QueueBytes = cmp.Or(cfg.QueueBytes, 1<<20)
	cfg.WriteTimeout = cmp.Or(cfg.WriteTimeout, 10*time.Second)
	cfg.FrameBurst = cmp.Or(cfg.FrameBurst, int(math.Ceil(float64(cfg.FrameRate))))
	cfg.PingInterval = cmp.Or(cfg.PingInterval, 25*time.Second)
	e := &Engine{cfg: cfg, buffers: newBuffers(), started: time.Now()}
	e.rules = readRules{maxMessage: int64(cfg.MaxMessage), binary: cfg.Binary, buffers: e.buffers}
	return e
}

// Run is the heartbeat: it pings every connection once in Config.PingInterval,
// until ctx is done. It always returns nil. Connections need it only to notice
// peers that vanished.
func (e *Engine) Run(ctx context.Context) error {
	pingFrame := newFrame(opPing, nil)
	ticker := time.NewTicker(max(e.cfg.PingInterval/pulseSlots, 1))
	defer ticker.Stop()
	for slot := 0; ; slot = (slot + 1) % pulseSlots {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			e.pulse.beat(slot, pingFrame)
		}
	}
}

// Attach serves a connection on which the handshake is over, and closes it in
// the end; early are bytes already read from it, which it may change. conn is
// not to be used by anybody else from then on. Messages may reach h before it
// returns.
func (e *Engine) Attach(conn net.Conn, early []byte, h Handler) *Conn {
	return e.begin(e.link(conn), nil, early, h)
}

// begin serves c, with a greeting to be said first.
func (e *Engine) begin(c *Conn, greeting, early []byte, h Handler) *Conn {
	c.engine, c.handler = e, h
	// Held from before anybody else knows of c: nothing may go out before the
	// greeting.
	c.mu.Lock()
	ended := e.pulse.join(c)
	if len(greeting) > 0 {
		c.transmit(greeting)
	}
	if ended != nil {
		c.closeLocked(ended.code, ended.reason)
	}
	c.mu.Unlock()
	h.Opened(c)
	c.link.start(early)
	return c
}

// link makes the connection that moves the bytes of conn best.
func (e *Engine) link(conn net.Conn) *Conn {
	if !e.cfg.Goroutines {
		if l := e.pollers.take(conn); l != nil {
			return &l.Conn
		}
	}
	return &newGoroutineLink(conn).Conn
}

// CloseAll closes every connection, and every one that is still to come.
func (e *Engine) CloseAll(code int, reason string) {
	e.pulse.mu.Lock()
	if e.pulse.ended == nil {
		e.pulse.ended = &closeError{code, reason}
	}
	e.pulse.mu.Unlock()
	for slot := range pulseSlots {
		for _, c := range e.pulse.members(slot) {
			c.Close(code, reason)
		}
	}
}

// Len is the number of connections, those included whose closing has begun.
func (e *Engine) Len() int {
	e.pulse.mu.Lock()
	defer e.pulse.mu.Unlock()
	return e.pulse.count
}

// Wait waits until there is no connection, nor any goroutine of one. It fails
// only when ctx is done before. After CloseAll that takes at most six seconds,
// unless a Handler blocks.
func (e *Engine) Wait(ctx context.Context) error {
	e.pulse.mu.Lock()
	if e.pulse.count == 0 {
		e.pulse.mu.Unlock()
		return e.pollers.wait(ctx)
	}
	if e.pulse.empty == nil {
		e.pulse.empty = make(chan struct{})
	}
	empty := e.pulse.empty
	e.pulse.mu.Unlock()
	select {
	case <-empty:
		return e.pollers.wait(ctx)
	case <-ctx.Done():
		return fmt.Errorf("wait for %d websockets to close: %w", e.Len(), ctx.Err())
	}
}

func (e *Engine) leave(c *Conn) { e.pulse.leave(c) }

// now is the time on the engine's own clock, which nobody sets back.
func (e *Engine) now() time.Duration { return time.Since(e.started) }

// at is the deadline for a time on the engine's clock.
func (e *Engine) at(t time.Duration) time.Time { return e.started.Add(t) }
