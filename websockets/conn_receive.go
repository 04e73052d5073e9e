package websockets

import (
	"errors"
	"runtime/debug"
)

// errEnded ends the reading of a connection whose closing has begun.
var errEnded = errors.New("the websocket is closing")

// receive takes bytes of the peer's, and changes them. Any error ends the
// reading; a *closeError says how the connection is to be closed for it.
func (c *Conn) receive(p []byte) error {
	r := c.reader
	if r == nil {
		r = c.engine.buffers.reader(&c.engine.rules)
	}
	c.reader = nil
	err := r.feed(p, c)
	if err == nil && !r.atRest() {
		c.reader = r
		return nil
	}
	c.engine.buffers.returnReader(r)
	return err
}

// received notes how reading has ended, or that it goes on: err is nil, one of
// receive's, or of the system's. c.mu must be held.
func (c *Conn) received(err error) {
	switch e, ok := errors.AsType[*closeError](err); {
	case ok:
		c.closeLocked(e.code, e.reason)
	case err != nil && c.phase == phaseOpen:
		c.breakLocked() // the peer went without a word
	}
}

// dropReader lets go of what has come of a message whose end nobody awaits.
func (c *Conn) dropReader() {
	if c.reader != nil {
		c.engine.buffers.returnReader(c.reader)
		c.reader = nil
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
