package loadtest

import "time"

// writePatience is how long a server may take over what a crowd's socket sends.
const writePatience = 10 * time.Second

// write sends whole frames, one writer at a time.
func (m *member) write(frames []byte, by time.Time) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	if err := m.conn.SetWriteDeadline(by); err != nil {
		return err
	}
	_, err := m.conn.Write(frames)
	return err
}

// send implements engine.
func (c *crowd) send(socket int, payload []byte) (at int64, err error) {
	m := c.members[socket].Load()
	if m == nil {
		return 0, ErrNotOpen
	}
	frame := appendFrame(make([]byte, 0, len(payload)+14), opText, payload)
	at = Now()
	return at, m.write(frame, time.Now().Add(writePatience))
}

// stall implements engine. A read that waits is woken by a deadline that has
// passed.
func (c *crowd) stall(socket int, stalled bool) error {
	m := c.members[socket].Load()
	if m == nil {
		return ErrNotOpen
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone || stalled == (m.resume != nil) {
		return nil
	}
	if stalled {
		m.resume = make(chan struct{})
		return m.conn.SetReadDeadline(time.Unix(1, 0))
	}
	close(m.resume)
	m.resume = nil
	return m.conn.SetReadDeadline(time.Time{})
}

func (m *member) isStalled() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.resume != nil
}

// rest waits while the socket stalls. It returns false when it did not, and
// the deadline was a real one.
func (m *member) rest() bool {
	m.mu.Lock()
	resume, gone := m.resume, m.gone
	m.mu.Unlock()
	if resume == nil {
		// It may have read on just before the deadline was looked at.
		m.crowd.mu.Lock()
		defer m.crowd.mu.Unlock()
		return !gone && !m.crowd.leaving
	}
	<-resume
	return true
}

// cut ends the connection; the reader finds out.
func (m *member) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gone = true
	if m.resume != nil {
		close(m.resume)
		m.resume = nil
	}
	m.conn.Close()
}

// end tells the end of an open socket, once.
func (m *member) end(c Closed) {
	m.crowd.mu.Lock()
	defer m.crowd.mu.Unlock()
	m.ended(c)
}

// ended is end with the crowd's lock held.
func (m *member) ended(closed Closed) {
	if m.over {
		return
	}
	m.over = true
	c := m.crowd
	if c.leaving {
		c.swarm.tally.open.Add(-1)
		return
	}
	c.members[m.socket].Store(nil)
	c.door.closed(m.socket, closed)
	c.nudge()
}
