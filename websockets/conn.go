package websockets

import (
	"sync"
	"time"
)

// Handler is what happens on a connection. None of its methods may wait for
// anybody: they are called on a goroutine that reads thousands of connections.
type Handler interface {
	// Opened is called exactly once, before anything else and before anything
	// of the peer's is read: what it sends comes before every answer.
	Opened(c *Conn)
	// Message is called with each whole message, in order, never concurrently
	// for one connection. payload is valid only during the call.
	Message(c *Conn, binary bool, payload []byte)
	// Closed is called exactly once, after the last Message, never from within
	// Send, Close or any other method: it may take the locks under which those
	// are called.
	Closed(c *Conn)
}

// Conn is one open WebSocket connection, made by [Engine.Upgrade]. All methods
// are safe for concurrent use, and none but Drain blocks.
//
// It is the same whoever moves its bytes: see [link].
type Conn struct {
	engine  *Engine
	handler Handler
	link    link

	mu         sync.Mutex
	phase      phase
	unanswered uint8  // pings since the last pong
	slot       uint8  // where the engine keeps it, guarded by the engine's lock
	code       uint16 // of the close frame, once phase is not open
	place      int32  // like slot
	queue      *queue // what the peer has not taken; nil when it took all
	// endBy is until when the close frame must be out, and once it is, until
	// when the peer's last bytes are awaited; on the engine's clock.
	endBy  time.Duration
	expiry *time.Timer // of CloseAt

	// Of whoever reads, one at a time.
	reader *reader // nil between two frames that came whole
	rate   frameRate
}

// phase is how far a connection has come. It only ever grows.
type phase uint8

const (
	phaseOpen    phase = iota
	phaseClosing       // the close frame is on its way behind what was sent before
	phaseSaid          // the close frame is out; the peer's last bytes are dropped
	phaseBroken        // nothing can be said any more
)

// CloseCode is the code of the close frame that was sent or is about to be, and
// CloseAbnormal for a connection that broke without one; 0 while it is open.
func (c *Conn) CloseCode() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.code)
}

// CloseAt closes the connection with code and reason when the time t comes. A
// later call replaces an earlier one, and the zero time takes it back.
func (c *Conn) CloseAt(t time.Time, code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopExpiry()
	if c.phase == phaseOpen && !t.IsZero() {
		c.expiry = time.AfterFunc(time.Until(t), func() { c.Close(code, reason) })
	}
}

func (c *Conn) stopExpiry() {
	if c.expiry != nil {
		c.expiry.Stop()
		c.expiry = nil
	}
}
