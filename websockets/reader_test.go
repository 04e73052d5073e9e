package websockets_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"invisibleart.example/gallery/websockets"
)

// told is what a reader says of wire when it comes in pieces of the given size,
// 0 for all at once.
func told(p *websockets.Parser, wire []byte, size int) ([]websockets.ReadEvent, error) {
	if size == 0 {
		size = max(len(wire), 1)
	}
	for len(wire) > 0 {
		n := min(size, len(wire))
		if err := p.Feed(wire[:n]); err != nil {
			return p.Events, err
		}
		wire = wire[n:]
	}
	return p.Events, nil
}

// messages leaves the frame headers out.
func messages(events []websockets.ReadEvent) []websockets.ReadEvent {
	var list []websockets.ReadEvent
	for _, e := range events {
		if e.Kind != "frame" {
			list = append(list, e)
		}
	}
	return list
}

func TestReaderRefusesIllegalFrames(t *testing.T) {
	for _, test := range illegalFrames() {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{0, 1, 3} {
				p := websockets.NewParser(4<<10, false)
				events, err := told(p, test.wire, size)
				if got := websockets.CloseCodeOf(err); got != test.code {
					t.Errorf("in pieces of %d: got code %d (%v), want %d; events %v", size, got, err, test.code, events)
				}
			}
		})
	}
}

func TestReaderPutsMessagesTogether(t *testing.T) {
	type event = websockets.ReadEvent
	long := strings.Repeat("κόσμε", 500)
	tests := []struct {
		name string
		wire []byte
		want []event
	}{
		{"text", textFrame("hello"), []event{{Kind: "text", Payload: "hello"}}},
		{"empty text", textFrame(""), []event{{Kind: "text"}}},
		{"two texts", join(textFrame("a"), textFrame("b")), []event{{Kind: "text", Payload: "a"}, {Kind: "text", Payload: "b"}}},
		{"text of 125", textFrame(long[:126][:124]), []event{{Kind: "text", Payload: long[:124]}}},
		{"long text", textFrame(long), []event{{Kind: "text", Payload: long}}},
		{"binary", clientFrame(binaryOp, true, []byte{0xFF, 0}), []event{{Kind: "binary", Payload: "\xFF\x00"}}},
		{"fragments", join(clientFrame(textOp, false, []byte("a")), clientFrame(contOp, false, []byte("b")),
			clientFrame(contOp, true, []byte("c"))), []event{{Kind: "text", Payload: "abc"}}},
		{"empty fragments", join(clientFrame(textOp, false, nil), clientFrame(contOp, false, nil),
			clientFrame(contOp, true, nil)), []event{{Kind: "text"}}},
		{"fragments with an empty end", join(clientFrame(textOp, false, []byte("a")),
			clientFrame(contOp, true, nil)), []event{{Kind: "text", Payload: "a"}}},
		{"fragments with an empty beginning", join(clientFrame(textOp, false, nil),
			clientFrame(contOp, true, []byte("a"))), []event{{Kind: "text", Payload: "a"}}},
		{"cut inside characters", join(clientFrame(textOp, false, []byte("\xF0\x9F")), clientFrame(contOp, false, nil),
			clientFrame(contOp, false, []byte("\x8E")), clientFrame(contOp, true, []byte("\xA8!"))),
			[]event{{Kind: "text", Payload: "🎨!"}}},
		{"pings between fragments", join(clientFrame(textOp, false, []byte("a")), clientFrame(pingOp, true, []byte("p")),
			clientFrame(contOp, false, nil), clientFrame(pongOp, true, []byte("q")), clientFrame(contOp, true, []byte("b"))),
			[]event{{Kind: "ping", Payload: "p"}, {Kind: "pong"}, {Kind: "text", Payload: "ab"}}},
		{"ping of 125", clientFrame(pingOp, true, []byte(long[:125])), []event{{Kind: "ping", Payload: long[:125]}}},
		{"close between fragments", join(clientFrame(textOp, false, []byte("a")), clientFrame(closeOp, true, closePayload(1001, "é"))),
			[]event{{Kind: "close", Code: 1001}}},
		{"close without a code", clientFrame(closeOp, true, nil), []event{{Kind: "close", Code: websockets.CloseNoStatus}}},
		{"close with the longest reason", clientFrame(closeOp, true, closePayload(4999, long[:122])),
			[]event{{Kind: "close", Code: 4999}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{0, 1, 2, 5, 100} {
				events, err := told(websockets.NewParser(8<<10, true), test.wire, size)
				if err != nil {
					t.Fatalf("in pieces of %d: %v", size, err)
				}
				if diff := cmp.Diff(test.want, messages(events)); diff != "" {
					t.Errorf("in pieces of %d (-want +got):\n%s", size, diff)
				}
			}
		})
	}
}

func TestReaderTakesValidCloseCodes(t *testing.T) {
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		events, err := told(websockets.NewParser(1, false), clientFrame(closeOp, true, closePayload(code, "bye")), 0)
		if got := messages(events); err != nil || len(got) != 1 || got[0].Code != code {
			t.Errorf("close with %d: got %v, %v", code, got, err)
		}
	}
}

// TestReaderRefusesBeforeReading shows that a message over the limit is told
// from its header alone, which announces more memory than there is.
func TestReaderRefusesBeforeReading(t *testing.T) {
	p := websockets.NewParser(1<<40, true)
	head := handMade(0x82, 0x80, 8, 1<<39, nil)
	if err := p.Feed(head); err != nil {
		t.Fatal(err)
	}
	if err := p.Feed([]byte("a few bytes")); err != nil {
		t.Fatal(err)
	}
	if got := p.Held(); got > 4<<10 {
		t.Errorf("after 11 bytes of an announced 2^39: holds %d bytes", got)
	}
}

// TestReaderBoundsUnendingFragments sends fragments without an end: whatever
// their sizes, memory stays bounded by the limit of a message, and every one of
// them is counted.
func TestReaderBoundsUnendingFragments(t *testing.T) {
	const limit = 4 << 10
	for _, size := range []int{0, 1, 100} {
		p := websockets.NewParser(limit, false)
		err := p.Feed(clientFrame(textOp, false, nil))
		fragment := clientFrame(contOp, false, make([]byte, size))
		frames := 1
		for err == nil && frames < 100_000 {
			frames++
			err = p.Feed(fragment)
		}
		if got := p.Held(); got > 2*limit {
			t.Errorf("fragments of %d: %d bytes held, want at most %d", size, got, 2*limit)
		}
		if size > 0 && websockets.CloseCodeOf(err) != 1009 {
			t.Errorf("fragments of %d: ended with %v after %d frames, want 1009", size, err, frames)
		}
		if got := len(p.Events); got != frames {
			t.Errorf("fragments of %d: %d frames counted, want %d", size, got, frames)
		}
	}
}

func TestReaderHoldsNothingBetweenMessages(t *testing.T) {
	p := websockets.NewParser(1<<20, true)
	wire := join(clientFrame(textOp, false, make([]byte, 1000)), clientFrame(pingOp, true, make([]byte, 99)),
		clientFrame(contOp, true, make([]byte, 100_000)), textFrame("x"))
	if _, err := told(p, wire, 7); err != nil {
		t.Fatal(err)
	}
	if !p.Idle() || p.Held() != 0 {
		t.Errorf("idle %v with %d bytes held, want idle with none", p.Idle(), p.Held())
	}
}

// TestReaderRoundTrip draws messages, cuts them into fragments, puts control
// frames between, cuts the bytes anew, and wants the messages back.
func TestReaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var wire []byte
		var want []websockets.ReadEvent
		for range rapid.IntRange(1, 5).Draw(t, "messages") {
			op, kind, payload := byte(textOp), "text", []byte(rapid.String().Draw(t, "text"))
			if rapid.Bool().Draw(t, "binary") {
				op, kind, payload = binaryOp, "binary", rapid.SliceOfN(rapid.Byte(), 0, 70_000).Draw(t, "payload")
			}
			whole := string(payload)
			for fin := false; !fin; op = contOp {
				if rapid.IntRange(0, 3).Draw(t, "ping") == 0 {
					ping := rapid.SliceOfN(rapid.Byte(), 0, 125).Draw(t, "ping payload")
					wire = append(wire, clientFrame(pingOp, true, ping)...)
					want = append(want, websockets.ReadEvent{Kind: "ping", Payload: string(ping)})
				}
				n := rapid.IntRange(0, len(payload)).Draw(t, "fragment")
				fin = n == len(payload) && rapid.Bool().Draw(t, "fin")
				wire = append(wire, clientFrame(op, fin, payload[:n])...)
				payload = payload[n:]
			}
			want = append(want, websockets.ReadEvent{Kind: kind, Payload: whole})
		}
		p := websockets.NewParser(1<<20, true)
		for rest := wire; len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 5000).Draw(t, "piece"))
			if err := p.Feed(rest[:n]); err != nil {
				t.Fatalf("feed: %v", err)
			}
			rest = rest[n:]
		}
		if diff := cmp.Diff(want, messages(p.Events)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// FuzzReader feeds any bytes whole and cut anywhere: both say the same, neither
// panics, and what they hold stays bounded.
func FuzzReader(f *testing.F) {
	for _, test := range illegalFrames() {
		f.Add(test.wire, uint16(3), byte(2))
	}
	f.Add(join(clientFrame(textOp, false, []byte("κό")), clientFrame(pingOp, true, []byte("p")),
		clientFrame(contOp, true, []byte("σμε")), clientFrame(closeOp, true, closePayload(1000, "bye"))), uint16(5), byte(0))
	f.Fuzz(func(t *testing.T, wire []byte, cut uint16, options byte) {
		maxMessage, binary := 1<<(options>>4), options&1 != 0
		whole := websockets.NewParser(maxMessage, binary)
		wantErr := whole.Feed(wire)

		split := websockets.NewParser(maxMessage, binary)
		var gotErr error
		state := uint32(cut) + 1
		for rest := wire; len(rest) > 0 && gotErr == nil; {
			state = state*1664525 + 1013904223 // cuts that differ, and can be found again
			n := min(len(rest), 1+int(state>>24)%(int(cut%64)+1))
			gotErr = split.Feed(rest[:n])
			rest = rest[n:]
			if held, limit := split.Held(), 2*maxMessage+2<<10; held > limit {
				t.Fatalf("%d bytes held, want at most %d", held, limit)
			}
		}
		if got, want := fmt.Sprint(gotErr), fmt.Sprint(wantErr); got != want {
			t.Fatalf("cut: %s, whole: %s", got, want)
		}
		if !slices.Equal(whole.Events, split.Events) { // much faster than cmp.Diff
			t.Fatalf("whole against cut (-whole +cut):\n%s", cmp.Diff(whole.Events, split.Events))
		}
	})
}

func BenchmarkReaderSmallText(b *testing.B) {
	frame := textFrame(`{"type": "check_status"}`)
	p := websockets.NewParser(4<<10, false)
	buf := make([]byte, len(frame))
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		copy(buf, frame)
		if err := p.FeedOwn(buf); err != nil {
			b.Fatal(err)
		}
		p.Events = p.Events[:0]
	}
}

func BenchmarkReaderFragments(b *testing.B) {
	part := clientFrame(contOp, false, bytes.Repeat([]byte("x"), 64))
	wire := join(clientFrame(textOp, false, nil), bytes.Repeat(part, 1000), clientFrame(contOp, true, nil))
	p := websockets.NewParser(1<<20, false)
	buf := make([]byte, len(wire))
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		copy(buf, wire)
		if err := p.FeedOwn(buf); err != nil {
			b.Fatal(err)
		}
		p.Events = p.Events[:0]
	}
}
