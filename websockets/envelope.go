package websockets

import (
	"encoding/json"

	"invisibleart.example/gallery"
)

// envelope is what travels on a channel: what happened, where it stands in its
// stream, and the message for clients, encoded by whoever publishes so that
// each node only has to frame it. Nodes of two versions meet during a deploy:
// fields may be added, and kinds; what is not understood is passed by.
type envelope struct {
	Kind gallery.EventKind `json:"kind"`
	// Seq is the notification's seq on a user's channel and the announcement's
	// number on the system channel; 0 for what is in no stream.
	Seq     int64           `json:"seq,omitempty"`
	Message json.RawMessage `json:"message,omitempty"`
}
