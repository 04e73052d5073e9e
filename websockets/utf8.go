package websockets

import "unicode/utf8"

// textCheck checks UTF-8 that comes in pieces, which may end in the middle of a
// character. The verdict depends on the bytes alone, not on where they are cut,
// and falls at the first byte after which no text could be valid any more (RFC
// 6455, section 8.1). The zero value is the beginning of a text.
type textCheck struct {
	cut  [utf8.UTFMax]byte // the beginning of a character
	size uint8             // its bytes so far
}

// add tells whether what came so far can still become valid UTF-8.
func (t *textCheck) add(p []byte) bool {
	for t.size > 0 && len(p) > 0 {
		t.cut[t.size] = p[0]
		t.size++
		p = p[1:]
		// FullRune also holds for what can never become a character.
		if begun := t.cut[:t.size]; utf8.FullRune(begun) {
			if !utf8.Valid(begun) {
				return false
			}
			t.size = 0
		}
	}
	whole := len(p) - cutRune(p)
	t.size += uint8(copy(t.cut[t.size:], p[whole:]))
	return utf8.Valid(p[:whole])
}

// complete tells whether the text may end here.
func (t *textCheck) complete() bool { return t.size == 0 }

// cutRune is the length of the character that p ends in the middle of, 0 when
// it ends with a whole or with an impossible one.
func cutRune(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if tail := p[len(p)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
