package loadtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// member is one open socket of a crowd.
type member struct {
	crowd  *crowd
	socket int
	conn   net.Conn
	at     int64
	stream stream
	reply  []byte // to be written once the lock of the crowd is free
	pongs  int64  // that are in it
	over   bool   // the end was told

	writing sync.Mutex
	mu      sync.Mutex
	resume  chan struct{} // not nil while stalled; closed when it reads on, or is cut
	gone    bool
}

// live is the life of a socket, from connecting to its end.
func (c *crowd) live(ctx context.Context, socket int) {
	began := Now()
	conn, answer, err := c.shake(ctx, socket)
	m := &member{crowd: c, socket: socket, conn: conn, at: Now()}
	c.mu.Lock()
	switch {
	case c.leaving || ctx.Err() != nil:
		err = context.Canceled
	case err != nil:
		c.door.failed(socket, err, Now())
	case answer.status != 101:
		c.door.refused(socket, answer, Now())
	default:
		c.members[socket].Store(m)
		c.door.opened(socket, m.at, time.Duration(m.at-began))
	}
	c.mu.Unlock()
	c.nudge()
	if conn == nil {
		return
	}
	defer conn.Close()
	if err == nil && answer.status == 101 && m.feed(answer.rest) {
		m.read()
	}
}

// shake connects and does the handshake.
func (c *crowd) shake(ctx context.Context, socket int) (conn net.Conn, a answer, err error) {
	config := c.swarm.config
	ctx, cancel := context.WithTimeout(ctx, config.Patience)
	defer cancel()
	dialer := net.Dialer{KeepAlive: -1}
	if from := c.target.source(socket); from.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: from.AsSlice()}
	}
	conn, err = dialer.DialContext(ctx, "tcp", c.target.to.String())
	if err != nil {
		return nil, a, fmt.Errorf("connect: %w", plain(err))
	}
	if config.ReceiveBuffer > 0 {
		_ = conn.(*net.TCPConn).SetReadBuffer(config.ReceiveBuffer) // a wish
	}
	if config.TLS != nil {
		conn = tls.Client(conn, config.TLS)
	}
	interrupt := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	a, err = c.ask(conn, socket)
	if !interrupt() && err == nil {
		err = ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("no answer to the handshake within %v", config.Patience)
	}
	if err != nil {
		conn.Close()
		return nil, a, err
	}
	return conn, a, nil
}

// plain takes the addresses out of an error, which are different for each
// socket: failures are counted by their text.
func plain(err error) error {
	if op := new(net.OpError); errors.As(err, &op) {
		return op.Err
	}
	return err
}

// ask sends the request and reads the head of the answer.
func (c *crowd) ask(conn net.Conn, socket int) (a answer, err error) {
	if _, err := conn.Write(c.door.greeting.request(nil, socket)); err != nil {
		return a, fmt.Errorf("ask for the socket: %w", plain(err))
	}
	var head []byte
	buffer := make([]byte, 1<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return a, fmt.Errorf("the connection ended in the handshake: %w", plain(err))
		}
		head = append(head, buffer[:n]...)
		if a, complete, err := c.door.greeting.read(head, socket); complete || err != nil {
			return a, err
		}
	}
}

// read reads until the socket is over.
func (m *member) read() {
	buffer := make([]byte, 4<<10)
	for {
		n, err := m.conn.Read(buffer)
		m.at = Now()
		if n > 0 && !m.feed(buffer[:n]) {
			return
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) && m.rest() {
				continue
			}
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			m.end(Closed{At: m.at, Code: 1006, Err: fmt.Errorf("read: %w", plain(err))})
			return
		}
	}
}

// feed passes bytes to the stream, one socket at a time. It returns false when
// the socket is over.
func (m *member) feed(data []byte) bool {
	c := m.crowd
	c.swarm.tally.bytes.Add(int64(len(data)))
	c.mu.Lock()
	more, wrong := m.stream.feed(data, c.swarm.config.MaxMessage, m)
	if wrong != nil {
		m.reply = appendClose(m.reply, wrong.code)
		m.ended(Closed{At: m.at, Code: wrong.code, Err: wrong})
	}
	c.mu.Unlock()
	if len(m.reply) > 0 {
		err := m.write(m.reply, time.Now().Add(writePatience))
		m.reply = m.reply[:0]
		if err != nil && more {
			m.end(Closed{At: m.at, Code: 1006, Err: fmt.Errorf("answer: %w", plain(err))})
			return false
		}
		c.swarm.tally.pings.Add(m.pongs)
		m.pongs = 0
	}
	return more
}

// message implements listener.
func (m *member) message(payload []byte) bool {
	if m.crowd.leaving {
		return true
	}
	m.crowd.swarm.tally.messages.Add(1)
	if f := m.crowd.swarm.config.OnMessage; f != nil {
		f(m.socket, m.at, payload)
	}
	return true
}

// ping implements listener.
func (m *member) ping(payload []byte) bool {
	m.reply = appendFrame(m.reply, opPong, payload)
	m.pongs++
	return true
}

// closing implements listener.
func (m *member) closing(code int) {
	if !m.crowd.leaving {
		m.reply = appendClose(m.reply, echo(code))
	}
	m.ended(Closed{At: m.at, Code: code})
}
