package websockets

import "net"

// transport is how the bytes of a connection come and go: directly by system calls
// where the descriptor can be had, through net.Conn everywhere else.
type transport interface {
	// read waits for bytes and reads them into a borrowed buffer, which the
	// caller gives back. No buffer is borrowed when it fails.
	read(b *buffers) (buf *[readSize]byte, n int, err error)
	// tryWrite writes what is taken without waiting, which may be nothing. Not
	// to be called concurrently with itself or writeSome.
	tryWrite(p []byte) (n int, err error)
	// writeSome waits until at least one byte of p is taken, or the write
	// deadline has passed. Not to be called concurrently.
	writeSome(p []byte) (n int, err error)
}

// writeChunk is the most that writeSome of a plainTransport hands to net.Conn at
// once: what it takes within one deadline counts as one sign of life.
const writeChunk = 16 << 10

// plainTransport works on any net.Conn: TLS, pipes, and every system without
// direct writes. It cannot write without waiting, so everything is queued, and
// it holds a buffer while it waits for bytes.
type plainTransport struct{ conn net.Conn }

func (s plainTransport) read(b *buffers) (*[readSize]byte, int, error) {
	buf := b.read.Get().(*[readSize]byte)
	n, err := s.conn.Read(buf[:])
	if n > 0 {
		return buf, n, nil // an error comes again with the next read
	}
	if err == nil {
		return buf, 0, nil
	}
	b.read.Put(buf)
	return nil, 0, err
}

func (s plainTransport) tryWrite([]byte) (int, error) { return 0, nil }

func (s plainTransport) writeSome(p []byte) (int, error) {
	n, err := s.conn.Write(p[:min(len(p), writeChunk)])
	if n > 0 {
		return n, nil
	}
	return 0, err
}
