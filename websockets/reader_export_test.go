package websockets

import (
	"errors"
	"net"
)

// Parser pushes bytes into a reader and writes down what it says.
type Parser struct {
	Events []ReadEvent
	reader reader
}

// ReadEvent is one call of a receiver.
type ReadEvent struct {
	Kind    string // frame, text, binary, ping, pong, close
	Payload string
	Code    int // of a close
}

func NewParser(maxMessage int, binary bool) *Parser {
	return &Parser{reader: reader{rules: &readRules{
		maxMessage: int64(maxMessage), binary: binary, buffers: newBuffers(),
	}}}
}

// Feed copies b, as the reader may change it.
func (p *Parser) Feed(b []byte) error { return p.reader.feed(append([]byte(nil), b...), p) }

// FeedOwn lets the reader change b.
func (p *Parser) FeedOwn(b []byte) error { return p.reader.feed(b, p) }

// Held is how many bytes of memory the reader holds beyond its own fields.
func (p *Parser) Held() int {
	held := cap(p.reader.control)
	if p.reader.message != nil {
		held += cap(*p.reader.message)
	}
	return held
}

// Idle tells whether the reader is between two messages.
func (p *Parser) Idle() bool {
	return p.reader.atRest()
}

func (p *Parser) add(kind, payload string, code int) error {
	p.Events = append(p.Events, ReadEvent{kind, payload, code})
	return nil
}

func (p *Parser) onFrame(bool) error { return p.add("frame", "", 0) }

func (p *Parser) onMessage(binary bool, payload []byte) error {
	if binary {
		return p.add("binary", string(payload), 0)
	}
	return p.add("text", string(payload), 0)
}

func (p *Parser) onPing(payload []byte) error { return p.add("ping", string(payload), 0) }
func (p *Parser) onPong() error               { return p.add("pong", "", 0) }
func (p *Parser) onClose(code int) error      { return p.add("close", "", code) }

// CloseCodeOf is the code that err closes a connection with, 0 for none.
func CloseCodeOf(err error) int {
	if e, ok := errors.AsType[*closeError](err); ok {
		return e.code
	}
	return 0
}

// What the tests look at from outside.
var (
	Unmask      = unmask
	ParseClose  = parseClose
	NewTextFeed = func() (add func([]byte) bool, complete func() bool) {
		t := new(textCheck)
		return t.add, t.complete
	}
)

// WireBytes are the bytes of a frame on the wire.
func (f Frame) WireBytes() []byte { return f.bytes }

// CloseFrame frames a close message.
func CloseFrame(code int, reason string) Frame { return closeFrame(code, reason) }

// Queue is the queue of a connection.
type Queue = queue

func NewQueue(first []byte) *Queue { return newQueue(first, 0) }
func (q *queue) Push(b []byte)     { q.push(b) }
func (q *queue) Took(n int)        { q.took(n) }
func (q *queue) Forget()           { q.forget() }
func (q *queue) Pong(b []byte)     { q.pongOrPush(b) }
func (q *queue) Items() [][]byte   { return q.items }
func (q *queue) Bytes() int        { return q.bytes }
func (q *queue) pongOrPush(b []byte) {
	if !q.replacePong(b) {
		q.push(b)
		q.markPong()
	}
}

// Waiting is what waits for the peer.
func (c *Conn) Waiting() (items, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue == nil {
		return 0, 0
	}
	return len(c.queue.items), c.queue.bytes
}

// MostPollers is how many goroutines read at most.
const MostPollers = mostPollers

// AttachGoroutine is Attach with a goroutine that waits at the descriptor.
func (e *Engine) AttachGoroutine(conn net.Conn, early []byte, h Handler) *Conn {
	return e.begin(&newGoroutineLink(conn).Conn, nil, early, h)
}
