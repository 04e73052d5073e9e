package websockets

import "encoding/binary"

// opcode says what a frame is (RFC 6455, section 5.2).
type opcode byte

const (
	opContinuation opcode = 0x0
	opText         opcode = 0x1
	opBinary       opcode = 0x2
	opClose        opcode = 0x8
	opPing         opcode = 0x9
	opPong         opcode = 0xA
)

func (o opcode) control() bool { return o&0x8 != 0 }

// maxControl is the longest payload of a control frame, in bytes (RFC 6455,
// section 5.5).
const maxControl = 125

// Frame is one whole message as it goes over the wire, header included. It is
// framed once and shared by every socket it is sent to, so nothing may change
// it; copying the value copies no bytes. The zero Frame is no message.
type Frame struct {
	bytes []byte
}

// TextFrame frames payload, which must be UTF-8, as one unfragmented text
// message. It copies payload.
func TextFrame(payload []byte) Frame { return newFrame(opText, payload) }

// BinaryFrame frames payload as one unfragmented binary message. It copies
// payload.
func BinaryFrame(payload []byte) Frame { return newFrame(opBinary, payload) }

// Len is the number of bytes that the frame takes on the wire.
func (f Frame) Len() int { return len(f.bytes) }

// newFrame writes header and payload into one piece of memory, so that sending
// is a single write(2) and a frame is never torn between two packets.
func newFrame(op opcode, payload []byte) Frame {
	b := make([]byte, 0, maxHead+len(payload))
	return Frame{append(appendHead(b, op, len(payload)), payload...)}
}

// appendHead appends the header of a final, unmasked frame, with its length in
// the shortest of the three forms, as section 5.2 demands.
func appendHead(b []byte, op opcode, length int) []byte {
	b = append(b, 0x80|byte(op))
	switch {
	case length <= maxControl:
		return append(b, byte(length))
	case length <= 0xFFFF:
		return binary.BigEndian.AppendUint16(append(b, 126), uint16(length))
	default:
		return binary.BigEndian.AppendUint64(append(b, 127), uint64(length))
	}
}
