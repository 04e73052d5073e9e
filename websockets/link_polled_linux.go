package websockets

import (
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// polledLink is a connection of which nothing exists while nothing happens but
// this struct and a registration with a [poller]: no goroutine and no buffer.
//
// The descriptor is used under Conn.mu only, and closed under it. Whoever has
// waited for the lock finds out here that it is gone, and never writes to what
// has got the same number since.
type polledLink struct {
	Conn
	poller *poller
	timer  *time.Timer // of a slow or a closing connection, nil before
	fd     int32       // -1 once it is closed
	seat   int32       // with the poller, -1 without; written under both locks

	reading bool // somebody is in receive, who calls settle afterwards
	held    bool // there may be something to read that is not read for now
	ended   bool // the peer will send nothing more
	parted  bool // Handler.Closed is or has been called
	left    uint8

	listed bool // in the poller's list of whose turn comes again; the poller's own
}

// newPolledLink takes the descriptor out of conn, and conn out of the runtime's
// own poller: its part there would be most of what an idle connection costs. It
// is nil, and conn as it was, when that is not possible.
func newPolledLink(conn net.Conn, p *poller) *polledLink {
	var raw syscall.RawConn
	var err error
	// Only the two types whose bytes go straight to the descriptor: a wrapper may
	// embed one of them and still mean to change the bytes.
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	fd := -1
	_ = raw.Control(func(original uintptr) {
		fd, err = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	if fd < 0 || err != nil { // closed already, or no descriptor is left for the moment of having two
		return nil
	}
	limitUnsent(fd)
	conn.Close()                                                        // the connection lives on in the copy
	l := &polledLink{poller: p, fd: int32(fd), seat: -1, reading: true} // until start
	l.link = l
	return l
}

func (l *polledLink) start(early []byte) {
	err := l.receive(early)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd >= 0 && err == nil {
		err = l.poller.add(l)
	}
	l.reading = false
	l.received(err)
	l.settle()
}

func (l *polledLink) tryWrite(p []byte) (int, error) {
	if l.fd < 0 {
		return 0, net.ErrClosed
	}
	n, errno := tryWrite(l.fd, p)
	switch errno {
	case 0:
		return n, nil
	case unix.EAGAIN:
		return 0, nil
	}
	return 0, os.NewSyscallError("write", errno)
}

func (l *polledLink) slow() {
	l.watch()
	l.arm()
}

// watch has ready called when there is room to write, or something to read.
func (l *polledLink) watch() {
	_ = l.poller.watch(l) // without it the timer comes
}

func (l *polledLink) closing() {
	l.arm()
	l.settle()
}

func (l *polledLink) said() {
	_ = unix.Shutdown(int(l.fd), unix.SHUT_WR) // a peer that is gone already will be noticed by the poller
	if l.ended {
		l.breakLocked() // it has said its last too
		return
	}
	l.arm()
}

func (l *polledLink) broken() { l.settle() }

func (l *polledLink) discard() {
	if l.fd >= 0 {
		// At worst the kernel keeps the bytes a while longer.
		_ = unix.SetsockoptLinger(int(l.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
}

// settle does what the phase asks for, once nobody reads. The caller holds the
// lock.
func (l *polledLink) settle() {
	if l.reading || l.phase == phaseOpen {
		return
	}
	if !l.parted {
		l.parted = true
		l.dropReader()
		go l.part()
	}
	if l.phase == phaseBroken && l.fd >= 0 {
		l.poller.remove(l)
		unix.Close(int(l.fd))
		l.fd = -1
		if l.timer != nil {
			l.timer.Stop()
		}
		l.leaveHalf()
	}
}

// part calls the handler: never from within a method of the connection's.
func (l *polledLink) part() {
	l.handler.Closed(&l.Conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leaveHalf()
}

// leaveHalf has the engine forget the connection when its descriptor is closed
// and its handler has been told. The caller holds the lock.
func (l *polledLink) leaveHalf() {
	if l.left++; l.left == 2 {
		l.engine.leave(&l.Conn)
	}
}

// readsInTurn is how many buffers are read from one connection before it is the
// others' turn.
const readsInTurn = 4

// ready is called by the poller when something has happened to the descriptor.
// It reads all there is, with a borrowed buffer; more tells that there may be
// yet more, which the system will not announce again.
func (l *polledLink) ready(buf []byte) (more bool) {
	for range readsInTurn {
		if !l.readOnce(buf) {
			return false
		}
	}
	return true
}

// readOnce tells whether there may be more.
func (l *polledLink) readOnce(buf []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue != nil {
		l.flush()
	}
	l.held = l.queue != nil && l.phase == phaseOpen && l.engine.cfg.HoldSlow
	if l.fd < 0 || l.ended || l.held {
		return false
	}
	n, errno := tryRead(l.fd, buf)
	switch {
	case errno == unix.EAGAIN:
		return false
	case errno != 0:
		l.ended = true
		l.breakLocked()
		return false
	case n == 0:
		l.ended = true
		// One that closes may read on after its own last byte.
		if l.phase != phaseClosing {
			l.breakLocked()
		}
		return false
	case l.phase != phaseOpen:
		return true // dropped: it came too late
	}
	l.reading = true
	l.mu.Unlock()
	err := l.receive(buf[:n])
	l.mu.Lock()
	l.reading = false
	l.received(err)
	l.settle()
	return true
}
