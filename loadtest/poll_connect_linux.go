package loadtest

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// connect begins the handshake of a socket.
func (p *poll) connect(i int) {
	s := &p.sockets[i]
	s.began = Now()
	fd, err := p.dial(i)
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		if fd >= 0 {
			unix.Close(fd)
		}
		p.door.failed(i, fmt.Errorf("connect: %w", err), Now())
		return
	}
	p.mu.Lock()
	s.fd, s.state = int32(fd), connecting
	s.turn++
	s.stream, s.unsent = stream{}, nil
	s.stalled.Store(false)
	s.waiting.Store(false)
	p.mu.Unlock()
	p.flights = append(p.flights, flight{i, s.turn, s.began + int64(p.swarm.config.Patience)})
	if err == nil {
		p.ask(i) // connected at once, as on the loopback
	}
	if s.state != idle {
		if err := p.register(i); err != nil {
			p.fail(i, fmt.Errorf("register: %w", err))
		}
	}
}

// dial makes a socket of the system and has it connect.
func (p *poll) dial(i int) (fd int, err error) {
	c := p.swarm.config
	family := unix.AF_INET
	if p.target.to.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// A message is one write and must not wait for the answer to the one before.
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fd, err
	}
	if c.ReceiveBuffer > 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, c.ReceiveBuffer); err != nil {
			return fd, err
		}
	}
	p.sockets[i].stamped = c.LagEvery > 0 && i%c.LagEvery == 0 &&
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) == nil
	if from := p.target.source(i); from.IsValid() {
		// The port is chosen at the connect: only then is it free per pair of
		// addresses and not per machine.
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
			return fd, err
		}
		if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(from, 0))); err != nil {
			return fd, err
		}
	}
	return fd, unix.Connect(fd, p.remote)
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// register has the poller tell what happens to a socket, once per change: what
// is there already counts as one.
func (p *poll) register(i int) error {
	s := &p.sockets[i]
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, int(s.fd), &unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET,
		Fd:     int32(i), Pad: int32(s.turn),
	})
}

// connected asks the kernel how connecting went.
func (p *poll) connected(i int) {
	code, err := unix.GetsockoptInt(int(p.sockets[i].fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err != nil {
		p.fail(i, fmt.Errorf("connect: %w", err))
		return
	}
	p.ask(i)
}

// ask sends the request of the handshake.
func (p *poll) ask(i int) {
	request := p.door.greeting.request(p.buffer[:0], i)
	p.mu.Lock()
	p.sockets[i].state = asking
	err := p.write(i, request)
	p.mu.Unlock()
	if err != nil {
		p.fail(i, fmt.Errorf("ask for the socket: %w", err))
	}
}

// answered reads the answer to the handshake, and passes on what followed it.
// It returns false when the socket is not open afterwards.
func (p *poll) answered(i int, data []byte) bool {
	s := &p.sockets[i]
	if len(s.stream.rest) > 0 {
		s.stream.rest = append(s.stream.rest, data...)
		data = s.stream.rest
	}
	answer, complete, err := p.door.greeting.read(data, i)
	switch {
	case err != nil:
		p.fail(i, err)
		return false
	case !complete:
		s.stream.rest = append(s.stream.rest[:0], data...)
		return true
	case answer.status != 101:
		p.drop(i)
		p.door.refused(i, answer, Now())
		return false
	}
	s.stream.rest = nil
	p.mu.Lock()
	s.state = open
	p.mu.Unlock()
	p.door.opened(i, p.at, time.Duration(p.at-s.began))
	if len(answer.rest) == 0 {
		return s.state == open
	}
	return p.feed(i, answer.rest)
}

// fail ends a handshake.
func (p *poll) fail(i int, err error) {
	p.drop(i)
	p.door.failed(i, err, Now())
}
