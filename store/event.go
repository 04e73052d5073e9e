package store

import (
	"encoding/json"
	"fmt"
	"time"

	"invisibleart.example/gallery"
)

// payload is an event's content as it lies in the outbox. It has names of its
// own because another version of the program may read it: fields may be added
// but never renamed. Times are µs, as in the columns.
type payload struct {
	Artwork      *gallery.ArtworkState `json:"artwork,omitempty"`
	Notification *notificationPayload  `json:"notification,omitempty"`
	Announcement *announcementPayload  `json:"announcement,omitempty"`
	UserID       string                `json:"user_id,omitempty"`
}

type notificationPayload struct {
	ID          string                   `json:"id"`
	RecipientID string                   `json:"recipient_id"`
	Seq         int64                    `json:"seq"`
	Message     string                   `json:"message"`
	Data        gallery.NotificationData `json:"data"`
	CreatedAt   *int64                   `json:"created_at,omitempty"`
	ReadAt      *int64                   `json:"read_at,omitempty"`
}

type announcementPayload struct {
	ID        string `json:"id"`
	Number    int64  `json:"number"`
	Message   string `json:"message"`
	CreatedAt *int64 `json:"created_at,omitempty"`
	ExpiresAt *int64 `json:"expires_at,omitempty"`
}

func encodeEvent(e gallery.Event) (string, error) {
	p := payload{UserID: e.UserID}
	if e.Artwork != (gallery.ArtworkState{}) {
		p.Artwork = &e.Artwork
	}
	if n := e.Notification; n != (gallery.Notification{}) {
		p.Notification = &notificationPayload{n.ID, n.RecipientID, n.Seq, n.Message, n.Data, toMicros(n.CreatedAt), toMicros(n.ReadAt)}
	}
	if a := e.Announcement; a != (gallery.Announcement{}) {
		p.Announcement = &announcementPayload{a.ID, a.Number, a.Message, toMicros(a.CreatedAt), toMicros(a.ExpiresAt)}
	}
	b, err := json.Marshal(p)
	return string(b), err
}

// decodeEvent adds the content to an event.
func decodeEvent(e gallery.Event, text string) (gallery.Event, error) {
	var p payload
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return e, fmt.Errorf("decode event %s: %w", e.ID, err)
	}
	e.UserID = p.UserID
	if p.Artwork != nil {
		e.Artwork = *p.Artwork
	}
	if n := p.Notification; n != nil {
		e.Notification = gallery.Notification{ID: n.ID, RecipientID: n.RecipientID, Seq: n.Seq, Message: n.Message,
			Data: n.Data, CreatedAt: fromMicros(n.CreatedAt), ReadAt: fromMicros(n.ReadAt)}
	}
	if a := p.Announcement; a != nil {
		e.Announcement = gallery.Announcement{ID: a.ID, Number: a.Number, Message: a.Message,
			CreatedAt: fromMicros(a.CreatedAt), ExpiresAt: fromMicros(a.ExpiresAt)}
	}
	return e, nil
}

func toMicros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMicro())
}

func fromMicros(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return time.UnixMicro(*n).UTC()
}
