//go:build unix

package websockets

import (
	"io"
	"net"
	"os"
	"syscall"
)

// openTransport finds the best way to read and write conn. Only the two types
// whose bytes go straight to the descriptor are written directly: a wrapper may
// embed one of them and still mean to change the bytes.
func openTransport(conn net.Conn) transport {
	var raw syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		if raw, err = c.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { limitUnsent(int(fd)) }) // one that is closed needs no limit
		}
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	default:
		return plainTransport{conn}
	}
	if err != nil {
		return plainTransport{conn}
	}
	s := &directTransport{raw: raw}
	// Made once: a method value or closure made for each call would be
	// allocated for each call.
	s.reading, s.writing = s.readReady, s.writeNow
	return s
}

// directTransport reads and writes by system calls on a non-blocking descriptor;
// the runtime's poller says when there is something to read.
type directTransport struct {
	raw     syscall.RawConn
	reading func(fd uintptr) bool
	writing func(fd uintptr) bool

	// Arguments and results of reading.
	buffers *buffers
	buf     *[readSize]byte
	n       int
	err     error

	// Arguments and results of writing.
	out      []byte
	wrote    int
	writeErr error
}

func (s *directTransport) read(b *buffers) (*[readSize]byte, int, error) {
	s.buffers = b
	err := s.raw.Read(s.reading)
	buf, n := s.buf, s.n
	s.buf = nil
	switch {
	case err != nil:
	case s.err != nil:
		err = os.NewSyscallError("read", s.err)
	case n == 0:
		err = io.EOF
	default:
		return buf, n, nil
	}
	if buf != nil {
		b.read.Put(buf)
	}
	return nil, 0, err
}

// readReady reads with a borrowed buffer. While there is nothing to read it
// gives the buffer back before the goroutine is parked: that is what makes an
// idle connection cheap.
func (s *directTransport) readReady(fd uintptr) bool {
	s.buf = s.buffers.read.Get().(*[readSize]byte)
	s.n, s.err = ignoringEINTR(func() (int, error) { return syscall.Read(int(fd), s.buf[:]) })
	if s.err == syscall.EAGAIN {
		s.buffers.read.Put(s.buf)
		s.buf = nil
		return false
	}
	return true
}

func (s *directTransport) tryWrite(p []byte) (int, error) {
	s.out = p
	err := s.raw.Write(s.writing)
	s.out = nil
	switch {
	case err != nil:
		return 0, err
	case s.writeErr == syscall.EAGAIN:
		return 0, nil
	case s.writeErr != nil:
		return 0, os.NewSyscallError("write", s.writeErr)
	}
	return s.wrote, nil
}

func (s *directTransport) writeNow(fd uintptr) bool {
	s.wrote, s.writeErr = ignoringEINTR(func() (int, error) { return syscall.Write(int(fd), s.out) })
	return true
}

func (s *directTransport) writeSome(p []byte) (n int, err error) {
	var writeErr error
	err = s.raw.Write(func(fd uintptr) bool {
		n, writeErr = ignoringEINTR(func() (int, error) { return syscall.Write(int(fd), p) })
		return writeErr != syscall.EAGAIN
	})
	switch {
	case err != nil:
		return 0, err
	case writeErr != nil:
		return 0, os.NewSyscallError("write", writeErr)
	}
	return n, nil
}

// ignoringEINTR repeats a call that a signal has interrupted.
func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != syscall.EINTR {
			return n, err
		}
	}
}
