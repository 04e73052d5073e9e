package vault

import (
	"bytes"
	"unicode/utf8"
)

// textCheck holds a stream to being UTF-8 without NUL, and no markup behind
// however much that cannot be seen, across the borders of its pieces.
type textCheck struct {
	cut    []byte // the beginning of a rune at the end of the last piece
	begin  []byte // from the first thing that can be seen, until it is judged
	judged bool
}

// next checks one piece, the last one when last is set, and returns what is
// wrong with it, "" for nothing.
func (t *textCheck) next(piece []byte, last bool) (problem string) {
	if bytes.IndexByte(piece, 0) >= 0 {
		return "must not hold a NUL character"
	}
	if !t.utf8(piece, last) {
		return "must be a text in UTF-8"
	}
	if t.markup(piece, last) {
		return notAccepted
	}
	return ""
}

func (t *textCheck) utf8(piece []byte, last bool) bool {
	// At most three bytes are carried over; the rest of a rune that was cut is
	// tried byte by byte.
	for len(t.cut) > 0 && len(piece) > 0 {
		t.cut, piece = append(t.cut, piece[0]), piece[1:]
		if utf8.FullRune(t.cut) {
			if !utf8.Valid(t.cut) {
				return false
			}
			t.cut = t.cut[:0]
		}
	}
	whole := wholeRunes(piece)
	if !utf8.Valid(whole) {
		return false
	}
	t.cut = append(t.cut, piece[len(whole):]...)
	return !last || len(t.cut) == 0
}

// markup judges the beginning once all of it is there.
func (t *textCheck) markup(piece []byte, last bool) bool {
	if t.judged {
		return false
	}
	for len(piece) > 0 && len(t.begin) < SniffLen {
		n := min(len(piece), SniffLen-len(t.begin))
		t.begin = trimUnseen(append(t.begin, piece[:n]...)) // a rune that is cut off is no white space yet, and waits
		piece = piece[n:]
	}
	if len(t.begin) < SniffLen && !last {
		return false
	}
	begin := t.begin
	t.begin, t.judged = nil, true
	return isMarkup(begin)
}
