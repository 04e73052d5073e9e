package websockets

import "sync"

const (
	readSize     = 16 << 10 // bytes read from a socket at once
	messageSize  = 1 << 10  // what gathering a message begins with
	keptMessages = 64 << 10 // larger buffers are left to the collector
)

// buffers lends memory for the length of one read or one message, so that a
// connection on which nothing happens owns none.
type buffers struct {
	read    sync.Pool // *[readSize]byte
	message sync.Pool // *[]byte, empty
	readers sync.Pool // *reader, at rest
}

func newBuffers() *buffers {
	return &buffers{
		read:    sync.Pool{New: func() any { return new([readSize]byte) }},
		message: sync.Pool{New: func() any { b := make([]byte, 0, messageSize); return &b }},
		readers: sync.Pool{New: func() any { return new(reader) }},
	}
}

// returnMessage takes a message's buffer back. One that a huge message has
// grown is not kept: the pool would hand it to the next small one.
func (b *buffers) returnMessage(m *[]byte) {
	if cap(*m) <= keptMessages {
		*m = (*m)[:0]
		b.message.Put(m)
	}
}

// reader lends a reader at rest.
func (b *buffers) reader(rules *readRules) *reader {
	r := b.readers.Get().(*reader)
	r.rules = rules
	return r
}

// returnReader takes a reader back, wherever it was in a message.
func (b *buffers) returnReader(r *reader) {
	r.release()
	*r = reader{}
	b.readers.Put(r)
}
