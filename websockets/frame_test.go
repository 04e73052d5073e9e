package websockets_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"invisibleart.example/gallery/websockets"
)

func TestFrameIsWrittenInItsShortestForm(t *testing.T) {
	tests := []struct {
		length int
		head   []byte
	}{
		{0, []byte{0x81, 0}},
		{1, []byte{0x81, 1}},
		{125, []byte{0x81, 125}},
		{126, []byte{0x81, 126, 0, 126}},
		{65535, []byte{0x81, 126, 0xFF, 0xFF}},
		{65536, []byte{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.length), func(t *testing.T) {
			payload := bytes.Repeat([]byte("x"), test.length)
			f := websockets.TextFrame(payload)
			if got, want := f.WireBytes(), append(test.head, payload...); !bytes.Equal(got, want) {
				t.Errorf("got % x…, want % x…", got[:min(len(got), 12)], want[:min(len(want), 12)])
			}
			if got, want := f.Len(), len(test.head)+test.length; got != want {
				t.Errorf("Len: got %d, want %d", got, want)
			}
			binary := websockets.BinaryFrame(payload).WireBytes()
			if got := binary[0]; got != 0x82 {
				t.Errorf("first byte of a binary frame: got %#x, want 0x82", got)
			}
		})
	}
}

// TestFrameKeepsNoPayload shows that whoever framed a payload may use it again.
func TestFrameKeepsNoPayload(t *testing.T) {
	payload := []byte("first")
	f := websockets.TextFrame(payload)
	copy(payload, "other")
	if got := string(f.WireBytes()[2:]); got != "first" {
		t.Errorf("got %q after the payload was changed, want %q", got, "first")
	}
}

func TestUnmaskIsTheSpecifiedXOR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload")
		mask := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "mask"))
		at := rapid.Int64Range(0, 1<<40).Draw(t, "at")
		want := bytes.Clone(payload)
		for i := range want {
			want[i] ^= mask[(at+int64(i))%4]
		}
		websockets.Unmask(payload, mask, at)
		if !bytes.Equal(payload, want) {
			t.Fatalf("got % x, want % x", payload, want)
		}
	})
}

func TestCloseFrameFits(t *testing.T) {
	tests := []struct {
		name   string
		code   int
		reason string
		want   string
	}{
		{"no code", websockets.CloseNoStatus, "unheard", "\x88\x00"},
		{"code", 1000, "", "\x88\x02\x03\xe8"},
		{"reason", 4408, "slow", "\x88\x06\x11\x38slow"},
		{"longest reason", 1001, string(bytes.Repeat([]byte("x"), 123)), "\x88\x7d\x03\xe9" + string(bytes.Repeat([]byte("x"), 123))},
		{"cut between characters", 1001, string(bytes.Repeat([]byte("é"), 62)), "\x88\x7c\x03\xe9" + string(bytes.Repeat([]byte("é"), 61))},
		{"mended text", 1001, "a\xFF", "\x88\x06\x03\xe9a\uFFFD"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(websockets.CloseFrame(test.code, test.reason).WireBytes()); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func BenchmarkTextFrame(b *testing.B) {
	payload := bytes.Repeat([]byte("x"), 200)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		websockets.TextFrame(payload)
	}
}

func BenchmarkUnmask(b *testing.B) {
	for _, size := range []int{24, 4 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			payload := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				websockets.Unmask(payload, testMask, 1)
			}
		})
	}
}
