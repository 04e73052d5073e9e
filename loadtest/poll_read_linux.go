package loadtest

import (
	"fmt"
	"io"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// handle does what an event of a socket asks for.
func (p *poll) handle(i int, turn uint32, events uint32) {
	s := &p.sockets[i]
	if s.state == idle || s.turn != turn {
		return // of a connection that ended earlier in this round
	}
	if s.state == connecting {
		if events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) == 0 {
			return
		}
		p.connected(i)
		if s.state != asking || events&unix.EPOLLIN == 0 {
			return
		}
	}
	if events&unix.EPOLLOUT != 0 && s.waiting.Load() {
		p.flush(i)
	}
	if events&^uint32(unix.EPOLLOUT) != 0 && s.state != idle {
		p.read(i, events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0)
	}
}

// read reads until the kernel has no more. A read that does not fill the buffer
// was the last: what comes later is another event; unless the end has been
// announced (ending), which comes once.
func (p *poll) read(i int, ending bool) {
	s := &p.sockets[i]
	for s.state != idle && !s.stalled.Load() {
		n, arrived, errno := s.receive(p.buffer)
		p.at = Now()
		switch {
		case errno == syscall.EINTR:
			continue
		case errno == syscall.EAGAIN:
			return
		case errno != 0:
			p.lost(i, fmt.Errorf("read: %w", errno))
			return
		case n == 0:
			p.lost(i, io.ErrUnexpectedEOF)
			return
		}
		if arrived != 0 {
			p.swarm.tally.wait(max(0, time.Duration(time.Now().UnixNano()-arrived)))
		}
		data := p.buffer[:n]
		if s.state == asking {
			if !p.answered(i, data) {
				return
			}
		} else if !p.feed(i, data) {
			return
		}
		if n < len(p.buffer) && !ending {
			return
		}
	}
}

// receive reads from a socket that does not block, so the scheduler need not
// hear of it (RawSyscall). arrived is the kernel's stamp in ns since 1970, 0
// where there is none.
func (s *pollSocket) receive(buffer []byte) (n int, arrived int64, errno syscall.Errno) {
	if s.stamped {
		return receiveStamped(int(s.fd), buffer)
	}
	got, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)))
	if errno != 0 {
		return 0, 0, errno
	}
	return int(got), 0, 0
}

func receiveStamped(fd int, buffer []byte) (n int, arrived int64, errno syscall.Errno) {
	var control [64]byte
	n, controls, _, _, err := unix.Recvmsg(fd, buffer, control[:], unix.MSG_DONTWAIT)
	if err != nil {
		if errno, ok := err.(syscall.Errno); ok {
			return 0, 0, errno
		}
		return 0, 0, syscall.EIO
	}
	messages, err := unix.ParseSocketControlMessage(control[:controls])
	if err != nil {
		return n, 0, 0
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			t := *(*unix.Timespec)(unsafe.Pointer(&m.Data[0]))
			arrived = t.Nano()
		}
	}
	return n, arrived, 0
}

// feed passes bytes of an open socket to its stream. It returns false when the
// socket is over.
func (p *poll) feed(i int, data []byte) bool {
	s := &p.sockets[i]
	p.swarm.tally.bytes.Add(int64(len(data)))
	p.current = i
	more, wrong := s.stream.feed(data, p.swarm.config.MaxMessage, p)
	if wrong != nil {
		p.sayClose(i, wrong.code)
		p.end(i, Closed{At: p.at, Code: wrong.code, Err: wrong})
		return false
	}
	return more && s.state != idle
}

// message implements listener.
func (p *poll) message(payload []byte) bool {
	s := &p.sockets[p.current]
	if s.state != open {
		return true // we are leaving: what comes still is not looked at
	}
	p.swarm.tally.messages.Add(1)
	if f := p.swarm.config.OnMessage; f != nil {
		f(p.current, p.at, payload)
	}
	return true
}

// ping implements listener.
func (p *poll) ping(payload []byte) bool {
	p.mu.Lock()
	err := p.write(p.current, appendFrame(nil, opPong, payload))
	p.mu.Unlock()
	if err != nil {
		p.lost(p.current, fmt.Errorf("answer a ping: %w", err))
		return false
	}
	p.swarm.tally.pings.Add(1)
	return true
}

// closing implements listener.
func (p *poll) closing(code int) {
	if p.sockets[p.current].state == open {
		p.sayClose(p.current, echo(code))
	}
	p.end(p.current, Closed{At: p.at, Code: code})
}
