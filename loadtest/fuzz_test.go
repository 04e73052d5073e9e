package loadtest_test

import (
	"slices"
	"testing"

	"invisibleart.example/gallery/loadtest"
)

// FuzzStream: whatever comes, it does not matter in which pieces.
func FuzzStream(f *testing.F) {
	for _, seed := range [][]byte{
		text("hello"), frame(0x01, "a"), append(frame(0x01, "a"), frame(0x80, "b")...), frame(0x88, "\x03\xe8"),
		append(frame(0x89, "ping"), text("after")...), {0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 1}, {0x81, 126, 0},
		text(string(make([]byte, 300))), frame(0x83, ""), frame(0x82, "\xff"),
	} {
		f.Add(seed, byte(1), byte(7))
	}
	f.Fuzz(func(t *testing.T, data []byte, a, b byte) {
		const most = 1 << 10
		want := loadtest.Parse(data, most, nil)
		got := loadtest.Parse(data, most, []int{1 + int(a), 1 + int(b)})
		if !slices.Equal(got.Heard, want.Heard) || got.Code != want.Code || got.Wrong != want.Wrong {
			t.Errorf("in pieces of %d and %d: got %+v, want %+v", 1+int(a), 1+int(b), got, want)
		}
		for _, heard := range want.Heard {
			if len(heard) > most+len("message ") {
				t.Errorf("a message of %d bytes came through, the most is %d", len(heard), most)
			}
		}
	})
}
