package websockets_test

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"invisibleart.example/gallery/websockets"
)

// TestTextCheckAgrees holds the piecewise check against the standard library:
// the same verdict for any cuts, and the earliest one possible.
func TestTextCheckAgrees(t *testing.T) {
	piece := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }),
		rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 0x7F, 0x80, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0x9F, 0xA0, 0xED,
			0xEF, 0xF0, 0x90, 0x8F, 0xF4, 0xF5, 0xFF}), 0, 6),
	)
	rapid.Check(t, func(t *rapid.T) {
		add, complete := websockets.NewTextFeed()
		var all []byte
		for range rapid.IntRange(1, 8).Draw(t, "pieces") {
			p := piece.Draw(t, "piece")
			all = append(all, p...)
			got, want := add(p), canBecomeText(all)
			if got != want {
				t.Fatalf("after % x: got %v, want %v", all, got, want)
			}
			if !got {
				return
			}
			if got, want := complete(), utf8.Valid(all); got != want {
				t.Fatalf("complete after % x: got %v, want %v", all, got, want)
			}
		}
	})
}

// canBecomeText tries every character that p could be cut in the middle of.
func canBecomeText(p []byte) bool {
	for len(p) > 0 {
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			break
		}
		p = p[size:]
	}
	if len(p) == 0 {
		return true
	}
	continuations := []byte{0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF}
	for _, a := range continuations {
		for _, b := range continuations {
			for _, c := range continuations {
				for n := 1; n <= 3; n++ {
					whole := append(append([]byte(nil), p...), []byte{a, b, c}[:n]...)
					if len(p) < utf8.UTFMax && utf8.Valid(whole) && utf8.RuneCount(whole) == 1 {
						return true
					}
				}
			}
		}
	}
	return false
}
