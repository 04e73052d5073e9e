package gallery

import (
	"fmt"
	"time"
)

// NotificationType names what a notification is about; it is the "type" inside
// the "data" of a notification (specification, "Notification WebSocket
// Messages").
type NotificationType string

// The types of notifications.
const (
	NewComment      NotificationType = "new_comment"
	ViewMilestone   NotificationType = "view_milestone"
	ArtworkRevealed NotificationType = "artwork_revealed"
	SystemMessage   NotificationType = "system_message"
)

// NotificationData is the part of a notification meant for programs. Which
// fields are set depends on the type.
type NotificationData struct {
	Type      NotificationType `json:"type"`
	ArtworkID string           `json:"artwork_id,omitempty"`
	CommentID string           `json:"comment_id,omitempty"` // NewComment
	User      string           `json:"user,omitempty"`       // NewComment: the commenter's username
	ViewCount int64            `json:"view_count,omitempty"` // ViewMilestone
}

// Notification is one entry of somebody's inbox.
type Notification struct {
	ID          string
	RecipientID string
	// Seq counts 1, 2, 3 … per recipient, without a gap and in the order of the
	// commits, so "everything after seq" resumes exactly.
	Seq       int64
	Message   string // the sentence for people
	Data      NotificationData
	CreatedAt time.Time
	ReadAt    time.Time // zero while unread
}

// Announcement is a message of the operators to everybody. It is stored once,
// not per user.
type Announcement struct {
	ID string
	// Number counts announcements 1, 2, 3 … in the order of their commits. It
	// is internal: it never leaves the servers.
	Number    int64
	Message   string
	CreatedAt time.Time
	ExpiresAt time.Time // when GET /notifications stops listing it
}

// CommentSentence, MilestoneSentence and RevealSentence are the notifications'
// messages, word for word those of docs/protocol.md.
func CommentSentence(title string) string {
	return fmt.Sprintf(`New comment on your artwork "%s"`, title)
}

// MilestoneSentence is what the artist reads when so many people have looked.
func MilestoneSentence(title string, views int64) string {
	return fmt.Sprintf(`Your artwork "%s" has reached %d views!`, title, views)
}

// RevealSentence is what the artist reads when the work can be seen.
func RevealSentence(title string) string {
	return fmt.Sprintf(`Your artwork "%s" has been revealed!`, title)
}
