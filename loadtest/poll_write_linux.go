package loadtest

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxUnsent bounds what waits in memory for a server that does not read, in
// bytes of one socket.
const maxUnsent = 1 << 20

var errUnsent = errors.New("the server does not read: too much waits to be sent")

// write hands bytes to the kernel and keeps what it does not take. p.mu is held.
func (p *poll) write(i int, data []byte) error {
	s := &p.sockets[i]
	if len(s.unsent) == 0 {
		for len(data) > 0 {
			n, err := unix.Write(int(s.fd), data)
			if err == unix.EINTR {
				continue
			}
			if err == unix.EAGAIN {
				break
			}
			if err != nil {
				return err
			}
			data = data[n:]
		}
	}
	if len(s.unsent)+len(data) > maxUnsent {
		return errUnsent
	}
	s.unsent = append(s.unsent, data...)
	s.waiting.Store(len(s.unsent) > 0)
	return nil
}

// flush sends what waits, now that there is room.
func (p *poll) flush(i int) {
	p.mu.Lock()
	s := &p.sockets[i]
	waiting := s.unsent
	s.unsent = nil
	err := p.write(i, waiting)
	p.mu.Unlock()
	if err != nil {
		p.lost(i, fmt.Errorf("send: %w", err))
	}
}

// send implements engine. A broken socket is found out by its reader.
func (p *poll) send(i int, payload []byte) (at int64, err error) {
	frame := appendFrame(make([]byte, 0, len(payload)+14), opText, payload)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sockets[i].state != open {
		return 0, ErrNotOpen
	}
	at = Now()
	return at, p.write(i, frame)
}

// stall implements engine. A socket that stalls leaves the poller: the end of
// its connection would be told again and again.
func (p *poll) stall(i int, stalled bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.sockets[i]
	if s.state != open {
		return ErrNotOpen
	}
	if s.stalled.Swap(stalled) == stalled {
		return nil
	}
	if stalled {
		return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, int(s.fd), nil)
	}
	return p.register(i)
}

// sayClose sends a close frame, as far as the kernel takes it at once.
func (p *poll) sayClose(i, code int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.write(i, appendClose(nil, code)) // the connection ends either way
}

// lost ends a socket whose connection broke.
func (p *poll) lost(i int, err error) {
	switch p.sockets[i].state {
	case connecting, asking:
		p.fail(i, fmt.Errorf("the connection ended in the handshake: %w", err))
	case open, leaving:
		p.end(i, Closed{At: Now(), Code: 1006, Err: err})
	}
}

// end ends a socket that was open.
func (p *poll) end(i int, c Closed) {
	ours := p.sockets[i].state == leaving
	p.drop(i)
	if ours {
		p.swarm.tally.open.Add(-1)
		return
	}
	p.door.closed(i, c)
}

// drop closes the connection of a socket, if it has one.
func (p *poll) drop(i int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.sockets[i]
	if s.state == idle {
		return
	}
	_ = syscall.Close(int(s.fd)) // which also takes it from the poller
	s.state, s.stream, s.unsent = idle, stream{}, nil
}

// leave begins the end: handshakes are cut off, open sockets say goodbye or,
// with Abrupt and when they stall, are cut as well.
func (p *poll) leave() {
	for i := range p.sockets {
		s := &p.sockets[i]
		switch {
		case s.state == open && !p.swarm.config.Abrupt && !s.stalled.Load():
			p.mu.Lock()
			err := p.write(i, appendClose(nil, 1000))
			s.state = leaving
			p.mu.Unlock()
			if err != nil {
				p.lost(i, err)
			}
		case s.state == open:
			p.drop(i)
			p.swarm.tally.open.Add(-1)
		default:
			p.drop(i)
		}
	}
}
