package websockets

import "time"

const (
	// closePatience is how long a peer has to take what waits for it and the
	// close frame behind it.
	closePatience = 5 * time.Second
	// lingerTime is how long the peer's bytes are read and dropped after our
	// close frame. Closing with unread bytes would make the kernel send a
	// reset, and that makes the peer's kernel forget the close frame.
	lingerTime = time.Second
)

// Close ends the connection with a close frame, which goes out behind what was
// sent before; only with CloseTooSlow what waits is dropped, for then it is
// what the peer does not take. It does not wait for any of that. Only the first
// call counts. A reason over 123 bytes is cut.
func (c *Conn) Close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked(code, reason)
}

// closeLocked is Close with c.mu held.
func (c *Conn) closeLocked(code int, reason string) {
	if c.phase != phaseOpen {
		return
	}
	c.phase, c.code = phaseClosing, uint16(code)
	c.stopExpiry()
	if c.queue != nil {
		c.queue.release()
		if code == CloseTooSlow {
			c.queue.forget()
		}
	}
	c.endBy = c.engine.now() + closePatience
	c.transmit(closeFrame(code, reason).bytes)
	c.link.closing()
}

// saidLocked notes that the close frame is out. c.mu must be held.
func (c *Conn) saidLocked() {
	c.phase = phaseSaid
	c.endBy = c.engine.now() + lingerTime
	c.link.said()
}

// breakLocked gives the connection up without a word: the peer cannot be
// reached. c.mu must be held.
func (c *Conn) breakLocked() {
	if c.phase == phaseBroken {
		return
	}
	if c.phase == phaseOpen {
		c.code = CloseAbnormal
	}
	c.phase = phaseBroken
	c.stopExpiry()
	if c.queue != nil {
		c.queue.release()
		c.queue.forget()
	}
	c.link.broken()
}

// resetLocked gives the connection up and makes the kernel drop at once what it
// still holds for a peer that takes nothing. c.mu must be held.
func (c *Conn) resetLocked() {
	c.link.discard()
	c.breakLocked()
}
