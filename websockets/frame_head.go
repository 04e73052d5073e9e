package websockets

import "encoding/binary"

const (
	maxHead       = 10 // the longest header that a server sends, in bytes
	maxClientHead = 14 // with the mask that every frame of a client carries
)

// frameHead is the header of one frame from a client.
type frameHead struct {
	fin    bool
	op     opcode
	length int64 // of the payload, as announced: nothing may be allocated by it
	mask   [4]byte
}

// parseHead reads a header from the start of b. size is the number of bytes it
// takes, 0 while b does not hold all of it. What is illegal is told from the
// first byte that shows it, so that nobody waits for the rest of a header that
// will be refused (RFC 6455, section 5.2).
func parseHead(b []byte) (h frameHead, size int, err error) {
	if len(b) == 0 {
		return h, 0, nil
	}
	h.fin, h.op = b[0]&0x80 != 0, opcode(b[0]&0x0F)
	switch {
	case b[0]&0x70 != 0:
		return h, 0, protocolError("reserved bit set")
	case h.op > opBinary && h.op < opClose || h.op > opPong:
		return h, 0, protocolError("unknown opcode")
	case h.op.control() && !h.fin:
		return h, 0, protocolError("fragmented control frame")
	}
	if len(b) == 1 {
		return h, 0, nil
	}
	h.length = int64(b[1] & 0x7F)
	switch {
	case b[1]&0x80 == 0:
		return h, 0, protocolError("frame without mask")
	case h.op.control() && h.length > maxControl:
		return h, 0, protocolError("control frame too long")
	}
	size, err = h.parseLength(b)
	if err != nil || size == 0 || len(b) < size+len(h.mask) {
		return h, 0, err
	}
	copy(h.mask[:], b[size:])
	return h, size + len(h.mask), nil
}

// parseLength reads a length that takes more than the header's second byte. It
// returns the size of the header up to the mask, 0 while b is too short.
func (h *frameHead) parseLength(b []byte) (size int, err error) {
	switch h.length {
	case 126:
		if len(b) < 4 {
			return 0, nil
		}
		h.length = int64(binary.BigEndian.Uint16(b[2:]))
		if h.length < 126 {
			return 0, protocolError("length not in its shortest form")
		}
		return 4, nil
	case 127:
		// The top bit shows in the first byte already. As a signed number it
		// would be a negative length, which has ended whole processes.
		if len(b) > 2 && b[2]&0x80 != 0 {
			return 0, protocolError("length with the top bit set")
		}
		if len(b) < 10 {
			return 0, nil
		}
		h.length = int64(binary.BigEndian.Uint64(b[2:]))
		if h.length <= 0xFFFF {
			return 0, protocolError("length not in its shortest form")
		}
		return 10, nil
	}
	return 2, nil
}
