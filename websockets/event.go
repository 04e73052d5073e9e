package websockets

import (
	"encoding/json"
	"fmt"

	"invisibleart.example/gallery"
)

// event is an envelope that arrived, or what a look into the store stands in
// for. It is made once per node and shared by all sockets.
type event struct {
	kind gallery.EventKind
	seq  int64
	// frame is what clients are to be sent. A stream's event without one only
	// says that seq exists.
	frame Frame
}

// What only a node tells its own sockets; never on a channel.
const (
	// eventHead: the store's newest seq is this one.
	eventHead gallery.EventKind = "head"
	// eventTrouble: messages may be missing and the store does not answer, so
	// what a socket knows can no longer be made good.
	eventTrouble gallery.EventKind = "trouble"
)

// openEnvelope reads a message of the broker. known is false for a kind that
// this version of the program does not understand.
func openEnvelope(message []byte) (e event, known bool, err error) {
	var env envelope
	if err := json.Unmarshal(message, &env); err != nil {
		return event{}, false, fmt.Errorf("read envelope: %w", err)
	}
	switch env.Kind {
	case gallery.EventArtworkRevealed, gallery.EventNewComment, gallery.EventNewView,
		gallery.EventSystemMessage, gallery.EventArtworkDeleted, gallery.EventSignedOut:
	default:
		return event{}, false, nil
	}
	e = event{kind: env.Kind, seq: env.Seq}
	if len(env.Message) > 0 {
		e.frame = TextFrame(env.Message)
	}
	return e, true, nil
}
