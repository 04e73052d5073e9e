package websockets_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/websockets"
)

// The groups of cases by which the Autobahn test suite judges a server, as far
// as they concern an echo without compression: 1 framing, 2 pings and pongs,
// 3 reserved bits, 4 opcodes, 5 fragments, 6 UTF-8, 7 closing, 9 limits,
// 10 fragments made by the sender.

// dialogue is one case: what the client sends and what it must get, in order.
// A close frame, and with it the end of the connection, is got last; the client
// ends the others with a close of its own.
type dialogue struct {
	name string
	send []byte
	want []serverFrame
}

func closed(code int) serverFrame {
	return serverFrame{closeOp, string(closePayload(code, ""))}
}

// converse runs a case, with its bytes in pieces of the given size, 0 for all
// at once.
func converse(t *testing.T, e *websockets.Engine, transport string, d dialogue, size int) {
	t.Helper()
	_, w := connect(t, e, transport, echoing())
	send, want := d.send, d.want
	if len(want) == 0 || want[len(want)-1].op != closeOp {
		send = join(send, clientFrame(closeOp, true, closePayload(1000, "")))
		want = append(want[:len(want):len(want)], closed(1000))
	}
	go func() {
		for len(send) > 0 {
			n := len(send)
			if size > 0 {
				n = min(n, size)
			}
			w.write(send[:n])
			send = send[n:]
		}
	}()
	for i, f := range want {
		got := w.next()
		if f.op == closeOp && len(got.payload) > 2 {
			got.payload = got.payload[:2] // the reason is free
		}
		if got != f {
			t.Fatalf("frame %d: got %v, want %v", i, got, f)
		}
	}
	if f, _ := w.read(); f != (serverFrame{}) {
		t.Errorf("got %v after the close frame, want the end", f)
	}
}

// echoConfig is what an echo needs to speak with a conformance suite.
func echoConfig() websockets.Config {
	return websockets.Config{
		MaxMessage: 16 << 20, Binary: true, QueueBytes: 32 << 20, QueueMessages: 4096, HoldSlow: true,
	}
}

func dialogues() []dialogue {
	text := func(s string) serverFrame { return serverFrame{textOp, s} }
	pong := func(s string) serverFrame { return serverFrame{pongOp, s} }
	first := func(s string) []byte { return clientFrame(textOp, false, []byte(s)) }
	more := func(s string) []byte { return clientFrame(contOp, false, []byte(s)) }
	last := func(s string) []byte { return clientFrame(contOp, true, []byte(s)) }
	ping := func(s string) []byte { return clientFrame(pingOp, true, []byte(s)) }
	bye := func(code int, reason string) []byte { return clientFrame(closeOp, true, closePayload(code, reason)) }
	hello, kosme := "Hello, world!", "Hello-µ@ßöäüàá-UTF-8!! κόσμε"
	list := []dialogue{ // 2.10 and 2.11 are TestConnAnswersPingsInOrder
		{"2.1 ping", ping(""), []serverFrame{pong("")}},
		{"2.2 ping with a payload", ping(hello), []serverFrame{pong(hello)}},
		{"2.3 ping with bytes", ping("\x00\xFF\xFE\xFD\xFC"), []serverFrame{pong("\x00\xFF\xFE\xFD\xFC")}},
		{"2.4 ping of 125", ping(strings.Repeat("\xFE", 125)), []serverFrame{pong(strings.Repeat("\xFE", 125))}},
		{"2.5 ping of 126", ping(strings.Repeat("\xFE", 126)), []serverFrame{closed(1002)}},
		{"2.7 unasked pong", clientFrame(pongOp, true, nil), nil},
		{"2.9 unasked pong, then a ping", join(clientFrame(pongOp, true, []byte("x")), ping("y")), []serverFrame{pong("y")}},
		{"3.2 reserved bit after a message", join(textFrame(hello), handMade(0xA1, 0x80, 0, 0, nil), ping("")), []serverFrame{text(hello), closed(1002)}},
		{"4.1.3 reserved opcode after a message", join(textFrame(hello), clientFrame(5, true, nil), ping("")), []serverFrame{text(hello), closed(1002)}},
		{"4.2.3 reserved control opcode after a message", join(textFrame(hello), clientFrame(13, true, nil), ping("")), []serverFrame{text(hello), closed(1002)}},
		{"5.1 fragmented ping", join(clientFrame(pingOp, false, []byte("a")), last("b")), []serverFrame{closed(1002)}},
		{"5.2 fragmented pong", join(clientFrame(pongOp, false, []byte("a")), last("b")), []serverFrame{closed(1002)}},
		{"5.3 two fragments", join(first("a"), last("b")), []serverFrame{text("ab")}},
		{"5.6 ping between", join(first("a"), ping("p"), last("b")), []serverFrame{pong("p"), text("ab")}},
		{"5.9 continuation of nothing", join(last("a"), textFrame(hello)), []serverFrame{closed(1002)}},
		{"5.15 text after a fragmented one, then a continuation", join(first("a"), last("b"), more("c"), textFrame("d")), []serverFrame{text("ab"), closed(1002)}},
		{"5.18 text within a fragmented one", join(first("a"), textFrame("b")), []serverFrame{closed(1002)}},
		{"5.19 five fragments and two pings", join(first("1"), more("2"), ping("p1"), more("3"), more("4"), ping("p2"), last("5")),
			[]serverFrame{pong("p1"), pong("p2"), text("12345")}},
		{"6.1.1 empty text", textFrame(""), []serverFrame{text("")}},
		{"6.1.2 three empty fragments", join(first(""), more(""), last("")), []serverFrame{text("")}},
		{"6.1.3 empty fragments around text", join(first(""), more("middle"), last("")), []serverFrame{text("middle")}},
		{"6.2.1 text", textFrame(kosme), []serverFrame{text(kosme)}},
		{"6.2.2 text cut between characters", join(first(kosme[:7]), last(kosme[7:])), []serverFrame{text(kosme)}},
		{"6.2.3 text in fragments of one byte", oneByteFragments(kosme), []serverFrame{text(kosme)}},
		{"6.3.1 invalid text", textFrame("κόσμε\xED\xA0\x80edited"), []serverFrame{closed(1007)}},
		{"6.3.2 invalid text in fragments of one byte", oneByteFragments("κόσμε\xED\xA0\x80edited"), []serverFrame{closed(1007)}},
		{"7.1.1 message, then close", textFrame(hello), []serverFrame{text(hello)}},
		{"7.1.2 two closes", join(bye(1000, ""), bye(1000, "")), []serverFrame{closed(1000)}},
		{"7.1.3 ping after close", join(bye(1000, ""), ping("")), []serverFrame{closed(1000)}},
		{"7.1.4 text after close", join(bye(1000, ""), textFrame(hello)), []serverFrame{closed(1000)}},
		{"7.1.5 close between fragments", join(first("a"), bye(1000, ""), last("b")), []serverFrame{closed(1000)}},
		{"7.1.6 big message, close, ping", join(clientFrame(textOp, true, fill(256<<10)), bye(1000, ""), ping("")),
			[]serverFrame{text(string(fill(256 << 10))), closed(1000)}},
		{"7.3.1 close without a payload", clientFrame(closeOp, true, nil), []serverFrame{{closeOp, ""}}},
		{"7.3.2 close of one byte", clientFrame(closeOp, true, []byte("a")), []serverFrame{closed(1002)}},
		{"7.3.5 close with the longest reason", bye(1000, strings.Repeat("*", 123)), []serverFrame{closed(1000)}},
		{"7.3.6 close too long", bye(1000, strings.Repeat("*", 124)), []serverFrame{closed(1002)}},
		{"7.5.1 close with invalid text", bye(1000, "κόσμε\xED\xA0\x80"), []serverFrame{closed(1007)}},
		{"10.1 fragments of 1300", inFragments(textOp, fill(65536), 1300), []serverFrame{text(string(fill(65536)))}},
	}
	for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536} {
		list = append(list,
			dialogue{fmt.Sprintf("1.1.%d text of %d", i+1, n), clientFrame(textOp, true, fill(n)), []serverFrame{text(string(fill(n)))}},
			dialogue{fmt.Sprintf("1.2.%d binary of %d", i+1, n), clientFrame(binaryOp, true, bytes.Repeat([]byte{0xFE}, n)),
				[]serverFrame{{binaryOp, strings.Repeat("\xFE", n)}}})
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		list = append(list, dialogue{fmt.Sprint("7.7 close with ", code), bye(code, ""), []serverFrame{closed(code)}})
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535} {
		list = append(list, dialogue{fmt.Sprint("7.9 close with ", code), bye(code, ""), []serverFrame{closed(1002)}})
	}
	return list
}

// inFragments cuts a message into frames of at most size bytes.
func inFragments(op byte, payload []byte, size int) []byte {
	var all []byte
	for len(payload) > size {
		all = append(all, clientFrame(op, false, payload[:size])...)
		op, payload = contOp, payload[size:]
	}
	return append(all, clientFrame(op, true, payload)...)
}

func oneByteFragments(s string) []byte { return inFragments(textOp, []byte(s), 1) }

func TestConformance(t *testing.T) {
	e := newEngine(t, echoConfig())
	for _, transport := range transports {
		for _, d := range dialogues() {
			t.Run(transport+"/"+d.name, func(t *testing.T) { converse(t, e, transport, d, 0) })
			t.Run(transport+"/"+d.name+" byte by byte", func(t *testing.T) {
				if len(d.send) > 1000 {
					converse(t, e, transport, d, 997)
				} else {
					converse(t, e, transport, d, 1)
				}
			})
		}
	}
}

// TestConformanceFailsFast is group 6.4: invalid text is refused while the rest
// of its message is still to come.
func TestConformanceFailsFast(t *testing.T) { everyWay(t, testConformanceFailsFast) }

func testConformanceFailsFast(t *testing.T, transport string) {
	e := newEngine(t, echoConfig())
	valid, invalid := "κόσμε", "\xF4\x90\x80\x80"
	whole := clientFrame(textOp, true, []byte(valid+invalid+"edited"))
	tests := map[string][]byte{
		"6.4.1 in the second fragment":      join(clientFrame(textOp, false, []byte(valid)), clientFrame(contOp, false, []byte(invalid))),
		"6.4.2 at the second byte":          join(clientFrame(textOp, false, []byte(valid+"\xF4")), clientFrame(contOp, false, []byte("\x90"))),
		"6.4.3 within a frame":              whole[:6+len(valid)+4],
		"6.4.4 within a frame, second byte": whole[:6+len(valid)+2],
	}
	for name, wire := range tests {
		t.Run(name, func(t *testing.T) {
			_, w := connect(t, e, transport, newDiary())
			w.write(wire)
			w.wantClose(websockets.CloseInvalidText)
		})
	}
}

// TestConformanceLimits is group 9: messages of up to 16 MiB, whole, in
// fragments of any size, and in small writes.
func TestConformanceLimits(t *testing.T) { everyWay(t, testConformanceLimits) }

func testConformanceLimits(t *testing.T, transport string) {
	e := newEngine(t, echoConfig())
	start := time.Now()
	for _, op := range []byte{textOp, binaryOp} {
		for _, n := range []int{64 << 10, 1 << 20, 16 << 20} {
			t.Run(fmt.Sprintf("9.%d %d bytes", op, n), func(t *testing.T) {
				converse(t, e, transport, dialogue{"", clientFrame(op, true, fill(n)), []serverFrame{{op, string(fill(n))}}}, 0)
			})
		}
		for _, size := range []int{64, 1 << 10, 64 << 10, 4 << 20} {
			t.Run(fmt.Sprintf("9.%d 16 MiB in fragments of %d", op+2, size), func(t *testing.T) {
				converse(t, e, transport, dialogue{"", inFragments(op, fill(16<<20), size), []serverFrame{{op, string(fill(16 << 20))}}}, 0)
			})
		}
		for _, size := range []int{64, 2 << 10} {
			t.Run(fmt.Sprintf("9.%d 1 MiB in writes of %d", op+4, size), func(t *testing.T) {
				converse(t, e, transport, dialogue{"", clientFrame(op, true, fill(1<<20)), []serverFrame{{op, string(fill(1 << 20))}}}, size)
			})
		}
	}
	for _, n := range []int{0, 64, 1024} {
		t.Run(fmt.Sprint("9.7 there and back with ", n), func(t *testing.T) {
			_, w := connect(t, e, transport, echoing())
			for range 1000 {
				w.write(clientFrame(binaryOp, true, fill(n)))
				w.want(binaryOp, string(fill(n)))
			}
		})
	}
	if took := time.Since(start); took > 60*time.Second {
		t.Errorf("group 9 took %v", took)
	}
	t.Run("16 MiB and a byte", func(t *testing.T) {
		converse(t, e, transport, dialogue{"", clientFrame(binaryOp, true, fill(16<<20+1)), []serverFrame{closed(1009)}}, 0)
	})
}
