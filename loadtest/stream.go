package loadtest

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// stream takes a server's frames apart as their bytes come, in pieces of any
// size. Between whole frames it owns no memory.
type stream struct {
	rest     []byte // a frame that has begun
	message  []byte // the fragments of a message so far
	fragment byte   // the opcode of that message, 0 outside of one
}

// listener is who is told what a stream holds. Payloads are valid during the
// call only; whoever returns false wants no more.
type listener interface {
	message(payload []byte) bool
	ping(payload []byte) bool
	closing(code int)
}

// violation is an offence against RFC 6455 and the code a client ends it with.
type violation struct {
	code int
	what string
}

func (v *violation) Error() string { return v.what }
func (v *violation) Unwrap() error { return ErrProtocol }

func broken(code int, format string, args ...any) *violation {
	return &violation{code, fmt.Sprintf(format, args...)}
}

// feed takes the next bytes. It returns false when nothing more is to come: the
// listener said so, a close frame came, or the server broke the protocol, which
// is the error.
func (s *stream) feed(data []byte, most int, l listener) (more bool, wrong *violation) {
	if len(s.rest) > 0 {
		s.rest = append(s.rest, data...)
		data = s.rest
	}
	for len(data) > 0 {
		opcode, final, payload, size, wrong := cut(data, most)
		if wrong != nil {
			return false, wrong
		}
		if size == 0 {
			break
		}
		if more, wrong := s.take(opcode, final, payload, most, l); !more || wrong != nil {
			return false, wrong
		}
		data = data[size:]
	}
	if len(data) == 0 {
		s.rest = nil
		return true, nil
	}
	s.rest = append(s.rest[:0], data...) // copies over itself where it lies there
	return true, nil
}

// cut finds the frame at the beginning of data; size is 0 while it is not whole.
// What can be judged by its head alone is judged before the rest has come: a
// length that lies must not be waited for.
func cut(data []byte, most int) (opcode byte, final bool, payload []byte, size int, wrong *violation) {
	opcode, final = data[0]&0x0F, data[0]&0x80 != 0
	if data[0]&0x70 != 0 {
		return 0, false, nil, 0, broken(1002, "a frame has reserved bits set")
	}
	control := opcode >= opClose
	if opcode > opPong || opcode > opBinary && !control {
		return 0, false, nil, 0, broken(1002, "a frame has the reserved opcode %d", opcode)
	}
	if len(data) < 2 {
		return 0, false, nil, 0, nil
	}
	if data[1]&0x80 != 0 {
		return 0, false, nil, 0, broken(1002, "a frame of the server is masked")
	}
	head, length, least := 2, uint64(data[1]), uint64(0)
	if control && (!final || length > 125) {
		return 0, false, nil, 0, broken(1002, "a control frame is fragmented or too long")
	}
	switch length {
	case 126:
		head, least = 4, 126
	case 127:
		head, least = 10, 1<<16
	}
	if len(data) < head {
		return 0, false, nil, 0, nil
	}
	switch head {
	case 4:
		length = uint64(binary.BigEndian.Uint16(data[2:]))
	case 10:
		length = binary.BigEndian.Uint64(data[2:])
	}
	if length < least {
		return 0, false, nil, 0, broken(1002, "a length of %d is not written the shortest way", length)
	}
	if length>>63 != 0 {
		return 0, false, nil, 0, broken(1002, "a length has its top bit set")
	}
	if length > uint64(most) {
		return 0, false, nil, 0, broken(1009, "a frame of %d bytes is longer than %d", length, most)
	}
	size = head + int(length)
	if len(data) < size {
		return 0, false, nil, 0, nil
	}
	return opcode, final, data[head:size], size, nil
}

// take handles one whole frame.
func (s *stream) take(opcode byte, final bool, payload []byte, most int, l listener) (more bool, wrong *violation) {
	switch opcode {
	case opPing:
		return l.ping(payload), nil
	case opPong:
		return true, nil // nobody asked, which is allowed (section 5.5.3)
	case opClose:
		code, wrong := closeCode(payload)
		if wrong == nil {
			l.closing(code)
		}
		return false, wrong
	case opContinuation:
		if s.fragment == 0 {
			return false, broken(1002, "a continuation continues nothing")
		}
		if len(s.message)+len(payload) > most {
			return false, broken(1009, "a fragmented message is longer than %d bytes", most)
		}
		s.message = append(s.message, payload...)
		if !final {
			return true, nil
		}
		opcode, payload = s.fragment, s.message
		s.fragment, s.message = 0, nil
	default:
		if s.fragment != 0 {
			return false, broken(1002, "a message begins inside another")
		}
		if !final {
			s.fragment, s.message = opcode, append([]byte(nil), payload...)
			return true, nil
		}
	}
	if opcode == opText && !utf8.Valid(payload) {
		return false, broken(1007, "a text message is not UTF-8")
	}
	return l.message(payload), nil
}

// closeCode reads a close frame (RFC 6455, sections 5.5.1 and 7.4).
func closeCode(payload []byte) (int, *violation) {
	if len(payload) == 0 {
		return 1005, nil
	}
	if len(payload) == 1 {
		return 0, broken(1002, "a close frame holds half a code")
	}
	code := int(binary.BigEndian.Uint16(payload))
	switch {
	case code < 1000, code == 1004, code == 1005, code == 1006, code >= 1015 && code < 3000, code >= 5000:
		return 0, broken(1002, "a close frame holds the code %d, which none may send", code)
	case !utf8.Valid(payload[2:]):
		return 0, broken(1007, "the reason of a close frame is not UTF-8")
	}
	return code, nil
}
