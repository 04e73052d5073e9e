package websockets_test

import (
	"encoding/json"
	"strings"
	"testing"

	"invisibleart.example/gallery/websockets"
)

// oddMessages are ignored by an artwork socket.
var oddMessages = []string{
	``, ` `, `x`, `{`, `}`, `[1]`, `"x"`, `"check_status"`, `null`, `true`, `1`, `-0`, `1e999999`, `{}`, `[]`, `{} {}`,
	`{"type": null}`, `{"type": 1}`, `{"type": ["check_status"]}`, `{"type": {"type": "check_status"}}`, `{"type": ""}`,
	`{"TYPE": "check_status"}`, `{"type": "Check_Status"}`, `{"type": "check_status "}`, `{"type": "check_status",}`,
	`{"type": "check_status", "type": "x"}`, `{"type": "check_status", "type": null}`,
	`{"type": "check_status"} {"type": "check_status"}`, `{"type": "check_status"`, `{'type': 'check_status'}`,
	"\ufeff" + `{"type": "check_status"}`, `{"type": "\ud800"}`, `{"type": "check_status\u0000"}`,
	`{"type": "mark_read", "up_to": 1}`, `{"type": "react", "emoji": "🔥"}`, `{"type": "artwork_revealed"}`,
	`{"__proto__": {"type": "check_status"}}`,
	strings.Repeat(`[`, 4096), strings.Repeat(`{"type":`, 500), strings.Repeat(`[`, 2048) + strings.Repeat(`]`, 2048),
	`{"n": ` + strings.Repeat(`9`, 4000) + `}`, `"` + strings.Repeat(`\u0041`, 600) + `"`,
}

func TestOverlongMessageEndsTheSocket(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	s, _ := h.watch(t, a.ID)
	s.say(strings.Repeat(`[`, 100_000))
	s.wantClose(websockets.CloseTooBig)
}

// FuzzClientMessage sends anything to an artwork socket: it must go on
// answering, and answer to nothing but what asks.
func FuzzClientMessage(f *testing.F) {
	for _, message := range oddMessages {
		f.Add(message)
	}
	f.Add(`{"type":"check_status"}`)
	f.Add(`{"type":"\u0063heck_status","up_to":1}`)
	h := openHouse(f, websockets.Settings{})
	f.Fuzz(func(t *testing.T, message string) {
		message = strings.ToValidUTF8(message, "�") // other text is 1007, the frames' business
		if len(message) > 4<<10 {
			t.Skip("ends the socket with 1009")
		}
		work := h.wall.hang("Nocturne").ID
		s, _ := h.watch(t, work)
		defer s.conn.CloseNow()
		s.say(message)
		if asks(message) {
			if m := s.next(); !hasType(m, "artwork_status") {
				t.Errorf("answer to %q: got %v, want artwork_status", message, m)
			}
		}
		s.quiet()
		// The last question is answered with the end of the socket, before
		// which every other answer has to come.
		h.wall.take(work)
		s.say(`{"type": "check_status"}`)
		if m, err := s.read(); err == nil {
			t.Errorf("after %q: got one answer too many, %v", message, m)
		}
	})
}

// asks is what check_status means, said differently than in the server.
func asks(message string) bool {
	var object map[string]any
	return json.Unmarshal([]byte(message), &object) == nil && object["type"] == "check_status"
}
