package servers

import (
	"encoding/json"
	"fmt"
	"strings"
)

// revealed is the message of the specification, heading "Artwork WebSocket
// Messages", artwork_revealed.
type revealed struct {
	Type    string  `json:"type"`
	Artwork artwork `json:"artwork"`
}

type artwork struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Artist     string `json:"artist"`
	IsRevealed bool   `json:"is_revealed"`
}

// payload is the artwork_revealed of a work.
func payload(id, title, artist string) []byte {
	text, err := json.Marshal(revealed{"artwork_revealed", artwork{id, title, artist, true}})
	if err != nil {
		panic(err) // strings and a bool always encode
	}
	return text
}

// titleFor is a title that makes an artwork_revealed PayloadSize bytes long,
// where it is extra bytes longer than the shortest way to write it.
func titleFor(id, artist string, extra int) string {
	room := PayloadSize - extra - len(payload(id, "", artist))
	const words = "What nobody has seen until this very moment, when everybody does. "
	return strings.TrimSpace(strings.Repeat(words, 4)[:room-1]) + strings.Repeat("!", room-len(strings.TrimSpace(strings.Repeat(words, 4)[:room-1])))
}

// artworkID makes the id of the nth topic of a server whose topics have no ids
// of their own.
func artworkID(n int64) string { return fmt.Sprintf("018f4e6a-0000-7000-8000-%012d", n) }
