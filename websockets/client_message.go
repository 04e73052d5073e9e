package websockets

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// clientMessage is what a client may say: check_status, or mark_read with
// up_to.
type clientMessage struct {
	kind string
	upTo int64 // 0 when absent or not a whole number
}

// readClientMessage reads a message of a client. ok is false for what is not a
// JSON object with a type; a client may send anything, and is ignored as the
// original did. Names are matched to the letter, where a struct with tags would
// take "TYPE" for "type"; of two members with one name the last counts.
func readClientMessage(payload []byte) (m clientMessage, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil {
		return m, false
	}
	if json.Unmarshal(members["type"], &m.kind) != nil || m.kind == "" {
		return clientMessage{}, false
	}
	m.upTo, _ = wholeNumber(string(members["up_to"]))
	return m, true
}

// wholeNumber reads a whole number from 0: digits, nothing else. One that no
// seq can reach is the largest there is; it means "beyond the newest" like
// many a smaller one.
func wholeNumber(text string) (n int64, ok bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		n = math.MaxInt64
	}
	return n, true
}
