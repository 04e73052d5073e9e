package gallery

import "time"

// EventKind names what has happened.
type EventKind string

// The kinds of events. The first four are the specification's event handlers
// (notify_artwork_revealed, notify_new_comment, notify_new_view,
// broadcast_system_message); the last two close sockets.
const (
	EventArtworkRevealed EventKind = "artwork_revealed"
	EventNewComment      EventKind = "new_comment"
	EventNewView         EventKind = "new_view"
	EventSystemMessage   EventKind = "system_message"
	EventArtworkDeleted  EventKind = "artwork_deleted"
	EventSignedOut       EventKind = "signed_out"
)

// Event is one row of the outbox: something that happened and was committed,
// which sockets have yet to be told. It may be told more than once; whoever
// listens must not mind.
type Event struct {
	ID        string // UUIDv7 of the outbox row
	Kind      EventKind
	CreatedAt time.Time

	// Artwork is set for EventArtworkRevealed and EventArtworkDeleted (only
	// its ID).
	Artwork ArtworkState
	// Notification is the artist's inbox entry, for EventArtworkRevealed,
	// EventNewComment and EventNewView.
	Notification Notification
	// Announcement is set for EventSystemMessage.
	Announcement Announcement
	// UserID is set for EventSignedOut: some of this user's credentials no
	// longer hold. Which, the store knows; the event is only the doorbell.
	UserID string
}
