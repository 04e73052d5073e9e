package websockets

import (
	"errors"
	"runtime/debug"
)

// errEnded ends the reading of a connection whose closing has begun.
var errEnded = errors.New("the websocket is closing")

// serve is the reading goroutine, from the first byte to the closed socket.
// early are bytes that came together with the handshake.
func (c *Conn) serve(early []byte) {
	defer c.engine.leave(c)
	err := c.reader.feed(early, c)
	for err == nil {
		err = c.readOnce()
	}
	if e, ok := errors.AsType[*closeError](err); ok {
		c.Close(e.code, e.reason)
	}
	c.reader.release()

	c.mu.Lock()
	if c.phase == phaseOpen {
		c.breakLocked() // the peer went without a word
	}
	c.mu.Unlock()
	c.handler.Closed(c)
	c.linger()
	c.conn.Close()
}

// readOnce reads what has come and feeds it to the reader.
func (c *Conn) readOnce() error {
	buffers := c.engine.buffers
	buf, n, err := c.transport.read(buffers)
	if err != nil {
		return err
	}
	defer buffers.read.Put(buf)
	return c.reader.feed(buf[:n], c)
}

// linger drops what the peer still sends until the close frame is out and the
// peer has closed its side, or had the time to.
func (c *Conn) linger() {
	c.mu.Lock()
	c.lingering = true
	switch c.phase {
	case phaseClosing:
		// The flushing goroutine sets the true deadline once the frame is out.
		c.conn.SetReadDeadline(c.engine.at(c.writeBy + lingerTime))
	case phaseSaid:
		c.conn.SetReadDeadline(c.engine.at(c.engine.now() + lingerTime))
	}
	c.mu.Unlock()

	var err error
	for err == nil {
		var buf *[readSize]byte
		buf, _, err = c.transport.read(c.engine.buffers)
		if err == nil {
			c.engine.buffers.read.Put(buf)
		}
	}
	// A peer may close its side first and read on. The flushing goroutine has
	// a deadline, and the socket must outlive it.
	c.mu.Lock()
	q := c.queue
	c.mu.Unlock()
	if q != nil {
		<-q.done
	}
}

// onFrame counts every frame, control frames and empty fragments too.
func (c *Conn) onFrame(fragment bool) error {
	cfg := &c.engine.cfg
	if cfg.FrameRate > 0 && !c.rate.allow(cfg.FrameRate, cfg.FrameBurst, c.engine.now(), fragment) {
		return &closeError{CloseTooMany, "too many frames"}
	}
	return nil
}

// onMessage drops the message once the closing has begun: it came too late.
func (c *Conn) onMessage(binary bool, payload []byte) error {
	c.mu.Lock()
	open := c.phase == phaseOpen
	c.mu.Unlock()
	if !open {
		return errEnded
	}
	if c.engine.cfg.Panicked != nil {
		defer c.contain()
	}
	c.handler.Message(c, binary, payload)
	return nil
}

// contain is deferred around Handler.Message, and around nothing else: what one
// visitor's message stumbles over must not end the sockets of all the others. A
// panic in Handler.Closed, in a publisher or on a goroutine of our own is no
// visitor's doing and still ends the program.
func (c *Conn) contain() {
	if p := recover(); p != nil {
		c.engine.cfg.Panicked(p, debug.Stack())
		c.Close(CloseInternal, "internal error")
	}
}

func (c *Conn) onPing(payload []byte) error {
	c.pong(payload)
	return nil
}

func (c *Conn) onPong() error {
	c.mu.Lock()
	c.unanswered = 0
	c.mu.Unlock()
	return nil
}

// onClose answers the peer's close frame with its own code (RFC 6455, section
// 5.5.1).
func (c *Conn) onClose(code int) error {
	c.Close(code, "")
	return errEnded
}
