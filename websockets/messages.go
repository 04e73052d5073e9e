package websockets

import (
	"bytes"
	"encoding/json"
	"fmt"

	"invisibleart.example/gallery"
)

// The messages of the specification, headings "Artwork WebSocket Messages" and
// "Notification WebSocket Messages", field for field and in its order. What
// docs/protocol.md adds comes after.

type artworkStatus struct {
	Type       string        `json:"type"` // artwork_status
	IsRevealed bool          `json:"is_revealed"`
	Artwork    statusArtwork `json:"artwork"`
}

type statusArtwork struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type artworkRevealed struct {
	Type    string               `json:"type"` // artwork_revealed
	Artwork gallery.ArtworkState `json:"artwork"`
}

type welcome struct {
	Type    string `json:"type"` // welcome
	Message string `json:"message"`
}

type notification struct {
	Type      string                   `json:"type"` // notification
	Message   string                   `json:"message"`
	Data      gallery.NotificationData `json:"data"`
	ID        string                   `json:"id"`
	Seq       int64                    `json:"seq,omitempty"` // none on a system message
	CreatedAt string                   `json:"created_at"`
}

// statusMessage is the artwork_status of a work.
func statusMessage(a gallery.ArtworkState) []byte {
	return encode(artworkStatus{
		Type:       "artwork_status",
		IsRevealed: a.IsRevealed,
		Artwork:    statusArtwork{ID: a.ID, Title: a.Title},
	})
}

// revealedMessage is the artwork_revealed of a work. It says is_revealed: true
// whatever the state was read as: it exists because of a reveal.
func revealedMessage(a gallery.ArtworkState) []byte {
	a.IsRevealed = true
	return encode(artworkRevealed{Type: "artwork_revealed", Artwork: a})
}

func welcomeMessage() []byte {
	return encode(welcome{Type: "welcome", Message: "Connected to notification service"})
}

func notificationMessage(n gallery.Notification) []byte {
	return encode(notification{
		Type: "notification", Message: n.Message, Data: n.Data,
		ID: n.ID, Seq: n.Seq, CreatedAt: gallery.Timestamp(n.CreatedAt),
	})
}

// announcementMessage is a system message: a notification without a seq, for
// it is stored once and not in anybody's inbox.
func announcementMessage(a gallery.Announcement) []byte {
	return encode(notification{
		Type: "notification", Message: a.Message,
		Data: gallery.NotificationData{Type: gallery.SystemMessage},
		ID:   a.ID, CreatedAt: gallery.Timestamp(a.CreatedAt),
	})
}

// encode writes a message as JSON. Text goes out as it was typed: turning <, >
// and & into \u003c and its like is for JSON inside HTML.
func encode(message any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(message); err != nil {
		// Strings, numbers and booleans always encode; only a change to the
		// types above can bring us here, and then every test does.
		panic(fmt.Sprintf("websockets: encode %T: %v", message, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
