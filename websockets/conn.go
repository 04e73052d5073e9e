package websockets

import (
	"net"
	"sync"
	"time"
)

// Handler is what happens on a connection.
type Handler interface {
	// Opened is called exactly once, before anything else and before anything
	// of the peer's is read: what it sends comes before every answer.
	Opened(c *Conn)
	// Message is called with each whole message, in order, never concurrently
	// for one connection. payload is valid only during the call. While it
	// blocks, nothing more is read from the peer: that is the peer's
	// backpressure.
	Message(c *Conn, binary bool, payload []byte)
	// Closed is called exactly once, after the last Message, never from within
	// Send, Close or any other method: it may take the locks under which those
	// are called. It should not block for long, the peer waits for it.
	Closed(c *Conn)
}

// Conn is one open WebSocket connection, made by [Engine.Upgrade]. All methods
// are safe for concurrent use, and none but Drain blocks.
//
// One goroutine reads it, calls its handler, and in the end closes the socket;
// nobody else does, so that a descriptor is never used after it was closed. A
// second goroutine writes, only while the peer is slow and something waits.
type Conn struct {
	engine    *Engine
	handler   Handler
	conn      net.Conn
	transport transport // conn, the way its bytes come and go

	mu         sync.Mutex
	phase      phase
	lingering  bool          // whether the reading goroutine has come to the end
	code       uint16        // of the close frame, once phase is not open
	unanswered uint8         // pings since the last pong
	queue      *queue        // what the peer has not taken; nil when it took all
	writeBy    time.Duration // on the engine's clock: until when the close frame must be out
	expiry     *time.Timer   // of CloseAt

	// The reading goroutine's own.
	reader reader
	rate   frameRate

	// Where the engine keeps it, guarded by the engine's lock.
	slot, place int
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
