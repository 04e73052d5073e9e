package websockets

import "unicode/utf8"

// reader parses the frames of one client and puts messages together. It is
// pushed: it takes bytes as they come, cut anywhere, and calls its receiver,
// without a goroutine or a buffer of its own. Where the bytes were cut makes no
// difference to what it calls. It is not safe for concurrent use.
//
// Between two messages it holds no memory but its own few words: the payload of
// a frame that came in one piece is unmasked and handed over where it lies, and
// only one that came in several is gathered in a borrowed buffer, which grows
// with the bytes that have come and never by what a header announces.
type reader struct {
	rules *readRules

	// The header that is still incomplete.
	head     [maxClientHead]byte
	headSize uint8

	// The frame whose payload is being read.
	inFrame bool
	frame   frameHead
	read    int64 // bytes of its payload so far

	// The message that frames are being added to, also between two of them.
	inMessage bool
	binary    bool
	text      textCheck // at its beginning again after each whole message
	message   *[]byte   // borrowed; nil while no byte of it had to be kept
	size      int64     // bytes announced by its frames so far

	control []byte // the payload of a control frame that came in pieces
}

// readRules are what a server accepts from its clients.
type readRules struct {
	maxMessage int64
	binary     bool
	buffers    *buffers
}

// receiver is told what a reader has read. What a method returns ends the
// reading and is returned by feed. Payloads are valid only during the call.
type receiver interface {
	onFrame(fragment bool) error // each header, before its payload is looked at
	onMessage(binary bool, payload []byte) error
	onPing(payload []byte) error
	onPong() error
	onClose(code int) error // CloseNoStatus when the frame had no code
}

// feed reads p, and changes it. An error is a *closeError or one of the
// receiver's; there is no going on after it.
func (r *reader) feed(p []byte, to receiver) error {
	for len(p) > 0 {
		if !r.inFrame {
			size, err := r.readHead(p)
			if err != nil {
				return err
			}
			p = p[size:]
			if !r.inFrame {
				return nil // p was the beginning of a header
			}
			if err := to.onFrame(r.frame.op == opContinuation); err != nil {
				return err
			}
			if err := r.begin(); err != nil {
				return err
			}
		}
		chunk := p[:min(int64(len(p)), r.frame.length-r.read)]
		p = p[len(chunk):]
		if err := r.payload(chunk, to); err != nil {
			return err
		}
	}
	return nil
}

// readHead takes the bytes of a header from p and returns how many.
func (r *reader) readHead(p []byte) (taken int, err error) {
	if r.headSize == 0 {
		if h, size, err := parseHead(p); err != nil || size > 0 {
			r.inFrame, r.frame, r.read = err == nil, h, 0
			return size, err
		}
	}
	held := int(r.headSize)
	r.headSize += uint8(copy(r.head[held:], p))
	h, size, err := parseHead(r.head[:r.headSize])
	if err != nil || size == 0 {
		return len(p), err
	}
	r.inFrame, r.frame, r.read, r.headSize = true, h, 0, 0
	return size - held, nil
}

// begin judges a header by the message it belongs to, before its payload comes.
func (r *reader) begin() error {
	switch h := r.frame; {
	case h.op.control():
		return nil
	case h.op == opContinuation && !r.inMessage:
		return protocolError("continuation of nothing")
	case h.op != opContinuation && r.inMessage:
		return protocolError("new message inside a fragmented one")
	case h.op == opBinary && !r.rules.binary:
		return &closeError{CloseUnsupported, "binary messages are not understood"}
	case h.op != opContinuation:
		r.inMessage, r.binary, r.size = true, h.op == opBinary, 0
	}
	// Written so that no announced length, however large, can overflow.
	if r.frame.length > r.rules.maxMessage-r.size {
		return &closeError{CloseTooBig, "message too big"}
	}
	r.size += r.frame.length
	return nil
}

// payload takes the next bytes of the frame's payload, none for an empty frame.
func (r *reader) payload(chunk []byte, to receiver) error {
	at := r.read
	r.read += int64(len(chunk))
	last := r.read == r.frame.length
	r.inFrame = !last
	if r.frame.op.control() {
		return r.controlPayload(chunk, at, last, to)
	}
	last = last && r.frame.fin
	if last && r.message == nil {
		unmask(chunk, r.frame.mask, at)
		if !r.binary && !utf8.Valid(chunk) {
			return invalidText()
		}
		r.inMessage = false
		return to.onMessage(r.binary, chunk)
	}
	if len(chunk) > 0 {
		if r.message == nil {
			r.message = r.rules.buffers.message.Get().(*[]byte)
		}
		old := len(*r.message)
		*r.message = append(*r.message, chunk...)
		fresh := (*r.message)[old:]
		unmask(fresh, r.frame.mask, at)
		if !r.binary && !r.text.add(fresh) {
			return invalidText()
		}
	}
	if !last {
		return nil
	}
	if !r.binary && !r.text.complete() {
		return invalidText()
	}
	r.inMessage = false
	err := to.onMessage(r.binary, *r.message)
	r.release()
	return err
}

// controlPayload takes the next bytes of a control frame's payload.
func (r *reader) controlPayload(chunk []byte, at int64, last bool, to receiver) error {
	unmask(chunk, r.frame.mask, at)
	if !last || len(r.control) > 0 {
		r.control = append(r.control, chunk...)
		chunk = r.control
	}
	if !last {
		return nil
	}
	r.control = nil
	switch r.frame.op {
	case opPing:
		return to.onPing(chunk)
	case opPong:
		return to.onPong()
	default:
		code, err := parseClose(chunk)
		if err != nil {
			return err
		}
		return to.onClose(code)
	}
}

// atRest tells whether the reader is between two frames, with nothing of either
// and of no message.
func (r *reader) atRest() bool { return !r.inFrame && !r.inMessage && r.headSize == 0 }

// release gives back what is borrowed. The reader must not be fed afterwards
// unless it is between two messages.
func (r *reader) release() {
	if r.message != nil {
		r.rules.buffers.returnMessage(r.message)
		r.message = nil
	}
	r.control = nil
}

func invalidText() error { return &closeError{CloseInvalidText, "text that is not UTF-8"} }
