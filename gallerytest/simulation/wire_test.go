package simulation_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
)

// wire is the client's end of a connection to a node, which speaks WebSocket
// over a pipe within the process: the server's code is the real one down to
// the net.Conn.
type wire struct {
	node   *life
	conn   net.Conn // the client's end
	server net.Conn
	reader *bufio.Reader
	turn   chan struct{} // held by who writes; no mutex, so that time can pass meanwhile

	left    atomic.Bool // the client has gone away by itself
	excused bool        // whoever reads it has been so slow that the server may hang up; only they touch it
}

// handOver is the http.ResponseWriter that gives the connection away.
type handOver struct {
	*httptest.ResponseRecorder
	conn net.Conn
	gone bool
}

// Hijack implements http.Hijacker.
func (h *handOver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.gone = true
	nothing := strings.NewReader("")
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(nothing, 16), bufio.NewWriterSize(io.Discard, 16)), nil
}

// dial opens a socket. Without one it tells the status of the refusal, 0 when
// nobody answers.
func (n *life) dial(path, query string) (w *wire, status int) {
	client, server := net.Pipe()
	w = &wire{node: n, conn: client, server: server, reader: bufio.NewReaderSize(client, 512), turn: make(chan struct{}, 1)}
	if !n.take(w) {
		w.hangUp()
		return nil, 0
	}
	request := httptest.NewRequest(http.MethodGet, path+query, nil)
	request.Host = host
	request.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}
	answer := &handOver{ResponseRecorder: httptest.NewRecorder(), conn: server}
	n.server.ServeHTTP(answer, request)
	if !answer.gone {
		w.hangUp()
		return nil, answer.Code
	}
	for {
		line, err := w.reader.ReadString('\n')
		if err != nil {
			w.hangUp()
			return nil, 0
		}
		if line == "\r\n" {
			return w, http.StatusSwitchingProtocols
		}
	}
}

// hangUp breaks the connection at both ends, as a crash does.
func (w *wire) hangUp() {
	w.conn.Close()
	w.server.Close()
	w.node.drop(w)
}

// closed is how a connection ended: with a close frame, or code 0 without.
type closed struct{ code int }

func (c *closed) Error() string { return fmt.Sprintf("closed with %d", c.code) }

// next reads the next message. It answers pings, and a close frame with one.
func (w *wire) next() ([]byte, error) {
	for {
		op, payload, err := w.frame()
		switch {
		case err != nil:
			w.hangUp()
			return nil, &closed{}
		case op == 1:
			return payload, nil
		case op == 9:
			w.write(10, payload)
		case op == 8:
			code := 1005
			if len(payload) >= 2 {
				code = int(binary.BigEndian.Uint16(payload))
			}
			w.write(8, payload)
			w.hangUp()
			return nil, &closed{code}
		default:
			return nil, fmt.Errorf("a frame of type %d", op)
		}
	}
}

func (w *wire) frame() (op byte, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(w.reader, head); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1])
	switch n {
	case 126:
		long := make([]byte, 2)
		_, err = io.ReadFull(w.reader, long)
		n = uint64(binary.BigEndian.Uint16(long))
	case 127:
		err = errors.New("a frame longer than any message")
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(w.reader, payload)
	return head[0] & 15, payload, err
}

// write sends a frame of up to 125 bytes, masked with zeros.
func (w *wire) write(op byte, payload []byte) error {
	frame := append([]byte{0x80 | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	_, err := w.conn.Write(frame)
	return err
}
