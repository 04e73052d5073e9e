package websockets

import (
	"net"
	"time"
)

// goroutineLink has one goroutine read the socket, call the handler, and in the
// end close the socket; nobody else does, so that a descriptor is never used
// after it was closed. A second one writes, only while the peer is slow and
// something waits. It works on any net.Conn and any system.
type goroutineLink struct {
	Conn
	conn      net.Conn
	transport transport // conn, the way its bytes come and go
	lingering bool      // whether the reading goroutine has come to the end; guarded by Conn.mu
}

func newGoroutineLink(conn net.Conn) *goroutineLink {
	// Deadlines of whoever read the handshake. A connection that is closed
	// already will fail the first read.
	conn.SetDeadline(time.Time{})
	l := &goroutineLink{conn: conn, transport: openTransport(conn)}
	l.link = l
	return l
}

func (l *goroutineLink) start(early []byte) { go l.serve(early) }

func (l *goroutineLink) tryWrite(p []byte) (int, error) { return l.transport.tryWrite(p) }

func (l *goroutineLink) slow() { go l.flush(l.queue) }

func (l *goroutineLink) closing() {
	if l.queue != nil {
		l.conn.SetWriteDeadline(l.engine.at(l.endBy))
	}
	l.wake()
}

func (l *goroutineLink) said() {
	if l.lingering {
		l.conn.SetReadDeadline(l.engine.at(l.endBy))
	}
	if l.queue == nil { // else the flushing goroutine does it
		l.closeWrite()
	}
}

func (l *goroutineLink) broken() {
	if l.queue != nil {
		l.conn.SetWriteDeadline(longAgo())
	}
	l.wake()
}

func (l *goroutineLink) discard() {
	if tcp, ok := l.conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // at worst the kernel keeps the bytes a while longer
	}
}

// closeWrite tells the peer that nothing more will come.
func (l *goroutineLink) closeWrite() {
	if half, ok := l.conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite() // a peer that is gone already will be noticed by the reader
	}
}

// wake makes the reading goroutine look at the phase. Conn.mu must be held, or
// the deadline could undo the one that lingering sets.
func (l *goroutineLink) wake() { l.conn.SetReadDeadline(longAgo()) }

// longAgo is a deadline that has passed on any clock.
func longAgo() time.Time { return time.Unix(1, 0) }

// serve is the reading goroutine, from the first byte to the closed socket.
// early are bytes that came together with the handshake.
func (l *goroutineLink) serve(early []byte) {
	defer l.engine.leave(&l.Conn)
	err := l.receive(early)
	for err == nil {
		err = l.readOnce()
	}
	l.dropReader()
	l.mu.Lock()
	l.received(err)
	l.mu.Unlock()
	l.handler.Closed(&l.Conn)
	l.linger()
	l.conn.Close()
}

// readOnce reads what has come, unless a peer that takes nothing is to be held
// up, and hands it on.
func (l *goroutineLink) readOnce() error {
	if l.engine.cfg.HoldSlow {
		l.mu.Lock()
		q := l.queue
		l.mu.Unlock()
		if q != nil {
			<-q.drained
		}
	}
	buffers := l.engine.buffers
	buf, n, err := l.transport.read(buffers)
	if err != nil {
		return err
	}
	defer buffers.read.Put(buf)
	return l.receive(buf[:n])
}

// linger drops what the peer still sends until the close frame is out and the
// peer has closed its side, or had the time to.
func (l *goroutineLink) linger() {
	l.mu.Lock()
	l.lingering = true
	switch l.phase {
	case phaseClosing:
		// The flushing goroutine sets the true deadline once the frame is out.
		l.conn.SetReadDeadline(l.engine.at(l.endBy + lingerTime))
	case phaseSaid:
		l.conn.SetReadDeadline(l.engine.at(l.endBy))
	}
	l.mu.Unlock()

	var err error
	for err == nil {
		var buf *[readSize]byte
		buf, _, err = l.transport.read(l.engine.buffers)
		if err == nil {
			l.engine.buffers.read.Put(buf)
		}
	}
	// A peer may close its side first and read on. The flushing goroutine has
	// a deadline, and the socket must outlive it.
	l.mu.Lock()
	q := l.queue
	l.mu.Unlock()
	if q != nil {
		<-q.done
	}
}
