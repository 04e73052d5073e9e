package loadtest_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"invisibleart.example/gallery/loadtest"
)

// TestFrames_allowed sends what few servers send and all may (RFC 6455, sections
// 5.4 and 5.5), whole and byte by byte.
func TestFrames_allowed(t *testing.T) {
	long, huge := strings.Repeat("x", 300), strings.Repeat("é", 40_000)
	var stream []byte
	for _, f := range [][]byte{
		text("one"),
		frame(0x01, "fr"), frame(0x89, "are you there"), frame(0x00, "ag"), frame(0x8A, "nobody asked"), frame(0x80, "ment"),
		frame(0x01, "split \xc3"), frame(0x80, "\xa9"), // a character across two fragments
		text(""), frame(0x82, "\xff binary"),
		text(long), text(huge), frame(0x89, ""), text("last"),
	} {
		stream = append(stream, f...)
	}
	want := []string{"one", "fragment", "split é", "", "\xff binary", long, huge, "last"}

	engines(t, func(t *testing.T, engine loadtest.Engine) {
		srv := begin(t, &server{serve: func(p *peer) {
			if p.request.URL.Path == "/whole" {
				p.Write(stream)
			} else {
				for i := range stream {
					if i > 1000 && i < len(stream)-1000 {
						continue // the inside of the longest message
					}
					if i == 1000 {
						p.Write(stream[i : len(stream)-1000])
						continue
					}
					p.Write(stream[i : i+1])
				}
			}
			pongs := []string{}
			for len(pongs) < 2 {
				opcode, payload, ok := p.hear()
				if !ok || opcode != 0xA {
					t.Errorf("got frame %x %q (%v), want a pong", opcode, payload, ok)
					return
				}
				pongs = append(pongs, payload)
			}
			if want := []string{"are you there", ""}; !slices.Equal(pongs, want) {
				t.Errorf("got pongs %q, want %q", pongs, want)
			}
			p.echo()
		}})
		var mu sync.Mutex
		got := map[int][]string{}
		s, _ := run(t, loadtest.Config{
			Address: srv.address, Sockets: 2, Engine: engine,
			Path: func(i int) string { return []string{"/whole", "/bytes"}[i] },
			OnMessage: func(i int, _ int64, payload []byte) {
				mu.Lock()
				defer mu.Unlock()
				got[i] = append(got[i], string(payload))
			},
		})
		eventually(t, "all messages and pings", func() bool {
			c := s.Counts()
			return c.Messages == int64(2*len(want)) && c.Pings == 4
		})
		mu.Lock()
		defer mu.Unlock()
		for i := range 2 {
			if !slices.Equal(got[i], want) {
				t.Errorf("socket %d: got %.60q, want %.60q", i, got[i], want)
			}
		}
	})
}

// TestFrames_forbidden: a server that breaks the protocol is found out, told
// with which code, and left.
func TestFrames_forbidden(t *testing.T) {
	length := func(first byte, n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{first, 127}, n) }
	cases := []struct {
		name string
		says []byte
		code int
	}{
		{"masked", []byte{0x81, 0x81, 0, 0, 0, 0, 'x'}, 1002},
		{"reserved bit", frame(0xC1, "x"), 1002},
		{"reserved opcode", frame(0x83, "x"), 1002},
		{"reserved control opcode", frame(0x8B, "x"), 1002},
		{"fragmented ping", frame(0x09, "x"), 1002},
		{"long ping", frame(0x89, strings.Repeat("x", 126)), 1002},
		{"continuation of nothing", frame(0x80, "x"), 1002},
		{"message inside another", append(frame(0x01, "x"), text("y")...), 1002},
		{"not UTF-8", text("\xff"), 1007},
		{"not UTF-8 in fragments", append(frame(0x01, "\xc3"), frame(0x80, "x")...), 1007},
		{"length in too many bytes", []byte{0x81, 126, 0, 1, 'x'}, 1002},
		{"64-bit length in too many bytes", append(length(0x81, 200), strings.Repeat("x", 200)...), 1002},
		{"length with the top bit", length(0x81, 1<<63+5), 1002},
		{"length of a terabyte", length(0x81, 1<<40), 1009},
		{"fragments of too much", append(frame(0x01, strings.Repeat("x", 3000)), frame(0x80, strings.Repeat("x", 3000))...), 1009},
		{"half a close code", frame(0x88, "\x03"), 1002},
		{"close code that none may send", frame(0x88, "\x03\xed"), 1002},
		{"close reason that is not UTF-8", frame(0x88, "\x03\xe8\xff"), 1007},
	}
	engines(t, func(t *testing.T, engine loadtest.Engine) {
		told := make(chan int, len(cases))
		srv := begin(t, &server{serve: func(p *peer) {
			p.Write(cases[p.caseNumber()].says)
			opcode, payload, ok := p.hear()
			if !ok || opcode != 8 || len(payload) != 2 {
				t.Errorf("%s: got frame %x %q (%v), want a close", cases[p.caseNumber()].name, opcode, payload, ok)
				return
			}
			told <- int(binary.BigEndian.Uint16([]byte(payload)))
		}})
		closed := make(chan loadtest.Closed, 1)
		for i, c := range cases {
			s, stop := run(t, loadtest.Config{
				Address: srv.address, Sockets: 1, Engine: engine, MaxMessage: 5000,
				Path:    func(int) string { return "/" + string(rune('a'+i)) },
				OnClose: func(_ int, c loadtest.Closed) { closed <- c },
			})
			got := <-closed
			if got.Code != c.code || !errors.Is(got.Err, loadtest.ErrProtocol) {
				t.Errorf("%s: ended with %d (%v), want %d and ErrProtocol", c.name, got.Code, got.Err, c.code)
			}
			if code := <-told; code != c.code {
				t.Errorf("%s: the server was told %d, want %d", c.name, code, c.code)
			}
			if n := s.Counts(); n.Closed[c.code] != 1 || n.Open != 0 || n.Messages != 0 {
				t.Errorf("%s: got counts %+v", c.name, n)
			}
			stop()
		}
	})
}

// caseNumber is the case that a socket's path names, a letter each.
func (p *peer) caseNumber() int { return int(p.request.URL.Path[1] - 'a') }

// TestClosed tells how sockets end whose server keeps to the protocol.
func TestClosed(t *testing.T) {
	for _, test := range []struct {
		name string
		says []byte
		code int
		echo string // what the server hears
		fine bool   // no error
	}{
		{"with a code", frame(0x88, "\x11\x34too slow"), 4404, "\x11\x34", true},
		{"without a code", frame(0x88, ""), 1005, "\x03\xe8", true},
		{"without a frame", nil, 1006, "", false},
		{"inside a frame", text("hello")[:4], 1006, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			engines(t, func(t *testing.T, engine loadtest.Engine) {
				heard := make(chan string, 1)
				srv := begin(t, &server{serve: func(p *peer) {
					p.Write(test.says)
					if test.fine {
						_, payload, _ := p.hear()
						heard <- payload
					} else {
						heard <- ""
					}
				}})
				closed := make(chan loadtest.Closed, 1)
				_, _ = run(t, loadtest.Config{
					Address: srv.address, Sockets: 1, Engine: engine, Path: func(int) string { return "/" },
					OnClose: func(_ int, c loadtest.Closed) { closed <- c },
				})
				if got := <-closed; got.Code != test.code || (got.Err == nil) != test.fine || errors.Is(got.Err, loadtest.ErrProtocol) {
					t.Errorf("got code %d (%v), want %d", got.Code, got.Err, test.code)
				}
				if got := <-heard; got != test.echo {
					t.Errorf("the server heard %q, want %q", got, test.echo)
				}
			})
		})
	}
}
