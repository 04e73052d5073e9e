package loadtest

import (
	"encoding/binary"
	"math/rand/v2"
)

// The opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// appendFrame appends a whole client frame: final and masked (RFC 6455, section
// 5.3).
func appendFrame(b []byte, opcode byte, payload []byte) []byte {
	b = append(b, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	var mask [4]byte
	binary.LittleEndian.PutUint32(mask[:], rand.Uint32())
	b = append(b, mask[:]...)
	for i, c := range payload {
		b = append(b, c^mask[i&3])
	}
	return b
}

// appendClose appends a close frame with a code.
func appendClose(b []byte, code int) []byte {
	return appendFrame(b, opClose, binary.BigEndian.AppendUint16(nil, uint16(code)))
}

// echo is the code that answers a close frame: the same, and 1000 where there
// was none.
func echo(code int) int {
	if code == 1005 {
		return 1000
	}
	return code
}
