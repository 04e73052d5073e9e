package vault

import (
	"bytes"
	"unicode/utf8"
)

// textCheck holds a stream to being UTF-8 without NUL, across the borders of
// its pieces.
type textCheck struct {
	cut []byte // the beginning of a rune at the end of the last piece
}

// next checks one piece, the last one when last is set, and returns what is
// wrong with it, "" for nothing.
func (t *textCheck) next(piece []byte, last bool) (problem string) {
	const notText = "must be a text in UTF-8"
	if bytes.IndexByte(piece, 0) >= 0 {
		return "must not hold a NUL character"
	}
	// At most three bytes are carried over; the rest of a rune that was cut is
	// tried byte by byte.
	for len(t.cut) > 0 && len(piece) > 0 {
		t.cut, piece = append(t.cut, piece[0]), piece[1:]
		if utf8.FullRune(t.cut) {
			if !utf8.Valid(t.cut) {
				return notText
			}
			t.cut = t.cut[:0]
		}
	}
	whole := wholeRunes(piece)
	if !utf8.Valid(whole) {
		return notText
	}
	t.cut = append(t.cut, piece[len(whole):]...)
	if last && len(t.cut) > 0 {
		return notText
	}
	return ""
}
