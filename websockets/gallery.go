package websockets

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// Gallery is what the sockets need to know of the gallery behind them; the
// curator implements it. Every method reads what is committed at the time of
// the call: the once-only delivery rests on that. All are safe for concurrent
// use, and errors that are not named here are taken for a store that is out of
// order, never for an answer.
type Gallery interface {
	// Authenticate tells who shows this credential. The zero Credential is the
	// anonymous visitor; one that does not hold is Unauthorized. A ticket is
	// spent by it.
	Authenticate(ctx context.Context, c auth.Credential) (auth.Identity, error)
	// Reauthenticate tells whether an identity still holds: Unauthorized after
	// a logout, a changed password, a deactivated or deleted user.
	Reauthenticate(ctx context.Context, who auth.Identity) error

	// Enter counts an artwork socket among those before the work, as a person's
	// or, for the zero Identity, as an anonymous one, until leave is called. It
	// does not wait for anything; leave may be called more than once.
	Enter(artworkID string, who auth.Identity) (leave func())

	// ArtworkState is NotFound for a work that does not exist (any more).
	ArtworkState(ctx context.Context, id string) (gallery.ArtworkState, error)

	// InboxHead is the seq of the user's newest notification, 0 before the
	// first. It never goes back, whatever is purged.
	InboxHead(ctx context.Context, userID string) (int64, error)
	// InboxAfter lists up to limit notifications with a seq above after,
	// ascending. What was purged is skipped.
	InboxAfter(ctx context.Context, userID string, after int64, limit int) ([]gallery.Notification, error)

	// AnnouncementHead and AnnouncementsAfter are the same for the system
	// messages and their Number.
	AnnouncementHead(ctx context.Context) (int64, error)
	AnnouncementsAfter(ctx context.Context, after int64, limit int) ([]gallery.Announcement, error)

	// MarkReadUpTo marks the user's notifications up to seq as read and counts
	// those that are left.
	MarkReadUpTo(ctx context.Context, userID string, seq int64) (unread int64, err error)
}
