package websockets_test

import (
	"encoding/binary"
	"fmt"
)

// The opcodes, as a client writes them.
const (
	contOp   = 0x0
	textOp   = 0x1
	binaryOp = 0x2
	closeOp  = 0x8
	pingOp   = 0x9
	pongOp   = 0xA
)

// testMask is the mask of all frames that the tests build by hand.
var testMask = [4]byte{0x37, 0xFA, 0x21, 0x3D}

// clientFrame builds a legal frame of a client.
func clientFrame(op byte, fin bool, payload []byte) []byte {
	first := op
	if fin {
		first |= 0x80
	}
	return handMade(first, 0x80, lengthForm(len(payload)), uint64(len(payload)), payload)
}

func textFrame(s string) []byte { return clientFrame(textOp, true, []byte(s)) }

// closePayload is a close frame's payload.
func closePayload(code int, reason string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// lengthForm is how many bytes the shortest form of a length has after the
// header's second byte.
func lengthForm(length int) int {
	switch {
	case length < 126:
		return 0
	case length < 1<<16:
		return 2
	}
	return 8
}

// handMade builds a frame that may be illegal in any way: first is its first
// byte, mask 0x80 or 0, form the bytes of the extended length (0, 2 or 8).
func handMade(first, mask byte, form int, length uint64, payload []byte) []byte {
	b := []byte{first}
	switch form {
	case 0:
		b = append(b, mask|byte(length))
	case 2:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(length))
	case 8:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), length)
	}
	if mask == 0 {
		return append(b, payload...)
	}
	b = append(b, testMask[:]...)
	for i, c := range payload {
		b = append(b, c^testMask[i%4])
	}
	return b
}

// join puts frames behind one another.
func join(frames ...[]byte) []byte {
	var all []byte
	for _, f := range frames {
		all = append(all, f...)
	}
	return all
}

// illegalFrame is something that no client may send.
type illegalFrame struct {
	name string
	wire []byte
	code int // what it is closed with
}

// illegalFrames are all the ways to break RFC 6455 that a server can see, for a
// server with messages of up to 4 KiB and without binary ones.
func illegalFrames() []illegalFrame {
	const maxMessage = 4 << 10
	opened := clientFrame(textOp, false, []byte("begun"))
	list := []illegalFrame{
		{"rsv1", handMade(0xC1, 0x80, 0, 1, []byte("x")), 1002},
		{"rsv2", handMade(0xA1, 0x80, 0, 1, []byte("x")), 1002},
		{"rsv3", handMade(0x91, 0x80, 0, 1, []byte("x")), 1002},
		{"all rsv on a ping", handMade(0xF9, 0x80, 0, 0, nil), 1002},
		{"rsv in its first byte alone", []byte{0xC1}, 1002},
		{"unmasked text", handMade(0x81, 0, 0, 1, []byte("x")), 1002},
		{"unmasked empty text", handMade(0x81, 0, 0, 0, nil), 1002},
		{"unmasked close", handMade(0x88, 0, 0, 0, nil), 1002},
		{"unmasked in its second byte alone", []byte{0x81, 0x7F}, 1002},
		{"fragmented ping", clientFrame(pingOp, false, nil), 1002},
		{"fragmented pong", clientFrame(pongOp, false, nil), 1002},
		{"fragmented close", clientFrame(closeOp, false, nil), 1002},
		{"ping of 126", clientFrame(pingOp, true, make([]byte, 126)), 1002},
		{"pong of 126", clientFrame(pongOp, true, make([]byte, 126)), 1002},
		{"close of 126", clientFrame(closeOp, true, closePayload(1000, string(make([]byte, 124)))), 1002},
		{"ping of 65536", handMade(0x89, 0x80, 8, 1<<16, nil), 1002},
		{"ping of 5 in two bytes", handMade(0x89, 0x80, 2, 5, nil), 1002},
		{"continuation of nothing", clientFrame(contOp, true, []byte("x")), 1002},
		{"open continuation of nothing", clientFrame(contOp, false, nil), 1002},
		{"continuation after the end", join(textFrame("x"), clientFrame(contOp, true, nil)), 1002},
		{"text inside a fragmented text", join(opened, textFrame("x")), 1002},
		{"open text inside a fragmented text", join(opened, clientFrame(textOp, false, nil)), 1002},
		{"binary inside a fragmented text", join(opened, clientFrame(binaryOp, true, nil)), 1002},
		{"length 0 in two bytes", handMade(0x81, 0x80, 2, 0, nil), 1002},
		{"length 125 in two bytes", handMade(0x81, 0x80, 2, 125, make([]byte, 125)), 1002},
		{"length 0 in eight bytes", handMade(0x81, 0x80, 8, 0, nil), 1002},
		{"length 65535 in eight bytes", handMade(0x81, 0x80, 8, 65535, nil), 1002},
		{"length with the top bit", handMade(0x81, 0x80, 8, 1<<63, nil), 1002},
		{"length of all bits", handMade(0x81, 0x80, 8, 1<<64-1, nil), 1002},
		{"length with the top bit, cut", []byte{0x81, 0xFF, 0x80}, 1002},
		{"length of 2^63-1", handMade(0x81, 0x80, 8, 1<<63-1, nil), 1009},
		{"one byte too many", handMade(0x81, 0x80, 2, maxMessage+1, nil), 1009},
		{"64 KiB", handMade(0x81, 0x80, 8, 1<<16, nil), 1009},
		{"fragments too big together", join(
			clientFrame(textOp, false, make([]byte, maxMessage)), handMade(0x80, 0x80, 0, 1, nil)), 1009},
		{"fragments overflowing together", join(
			clientFrame(textOp, false, []byte("x")), handMade(0x80, 0x80, 8, 1<<63-1, nil)), 1009},
		{"binary", clientFrame(binaryOp, true, []byte{1}), 1003},
		{"empty binary", clientFrame(binaryOp, true, nil), 1003},
		{"fragmented binary", clientFrame(binaryOp, false, []byte{1}), 1003},
		{"huge binary", handMade(0x82, 0x80, 8, 1<<40, nil), 1003},
		{"text of a lone byte", clientFrame(textOp, true, []byte{0xFF}), 1007},
		{"overlong text", clientFrame(textOp, true, []byte{0xC0, 0xAF}), 1007},
		{"surrogate text", clientFrame(textOp, true, []byte{0xED, 0xA0, 0x80}), 1007},
		{"text beyond U+10FFFF", clientFrame(textOp, true, []byte{0xF4, 0x90, 0x80, 0x80}), 1007},
		{"text cut in a character", clientFrame(textOp, true, []byte("κόσμ\xCE")), 1007},
		{"fragmented text cut in a character", join(
			clientFrame(textOp, false, []byte{0xCE}), clientFrame(contOp, true, nil)), 1007},
		{"bad text in a frame that goes on", handMade(0x81, 0x80, 0, 100, []byte("ok\xFF")), 1007},
		{"bad text in a message that goes on", clientFrame(textOp, false, []byte("ok\xF4\x90")), 1007},
		{"character broken by the next fragment", join(
			clientFrame(textOp, false, []byte{0xE2, 0x82}), clientFrame(contOp, false, []byte("A"))), 1007},
		{"close of one byte", clientFrame(closeOp, true, []byte{3}), 1002},
		{"close with a reason that is no text", clientFrame(closeOp, true, closePayload(1000, "\xFF")), 1007},
		{"close with a reason cut in a character", clientFrame(closeOp, true, closePayload(1000, "\xE2\x82")), 1007},
	}
	for op := byte(3); op < 16; op++ {
		if op < 8 || op > 10 {
			list = append(list, illegalFrame{fmt.Sprint("opcode ", op), clientFrame(op, true, nil), 1002})
		}
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		frame := clientFrame(closeOp, true, closePayload(code, ""))
		list = append(list, illegalFrame{fmt.Sprint("close with ", code), frame, 1002})
	}
	return list
}
