package websockets

import (
	"encoding/binary"
	"math/bits"
)

// unmask takes the mask off b in place, eight bytes at a time. at is the number
// of bytes of the same payload that went before (RFC 6455, section 5.3).
func unmask(b []byte, mask [4]byte, at int64) {
	key := binary.LittleEndian.Uint32(mask[:])
	key = bits.RotateLeft32(key, -8*int(at&3))
	wide := uint64(key)<<32 | uint64(key)
	for len(b) >= 32 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		binary.LittleEndian.PutUint64(b[8:], binary.LittleEndian.Uint64(b[8:])^wide)
		binary.LittleEndian.PutUint64(b[16:], binary.LittleEndian.Uint64(b[16:])^wide)
		binary.LittleEndian.PutUint64(b[24:], binary.LittleEndian.Uint64(b[24:])^wide)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(wide >> (8 * i))
	}
}
