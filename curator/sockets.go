package curator

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/websockets"
)

// What the sockets ask, besides Authenticate and Reauthenticate. Each reads
// what is committed now.
var _ websockets.Gallery = (*Curator)(nil)

// ArtworkState tells what an artwork socket says of a work, NotFound for a work
// that is not there or an id that is none.
func (c *Curator) ArtworkState(ctx context.Context, id string) (state gallery.ArtworkState, err error) {
	if id, err = canonical("artwork", id); err != nil {
		return gallery.ArtworkState{}, err
	}
	err = c.read(ctx, func(tx *store.Tx) error {
		state, err = tx.ArtworkState(ctx, id)
		return err
	})
	return state, err
}

// InboxHead is the seq of the user's newest notification, 0 before the first.
func (c *Curator) InboxHead(ctx context.Context, userID string) (head int64, err error) {
	err = c.read(ctx, func(tx *store.Tx) error {
		head, err = tx.InboxHead(ctx, userID)
		return err
	})
	return head, err
}

// InboxAfter lists up to limit notifications with a seq above after, ascending.
func (c *Curator) InboxAfter(ctx context.Context, userID string, after int64, limit int) (list []gallery.Notification, err error) {
	err = c.read(ctx, func(tx *store.Tx) error {
		list, err = tx.InboxAfter(ctx, userID, after, limit)
		return err
	})
	return list, err
}

// AnnouncementHead is the number of the newest announcement, 0 before the first.
func (c *Curator) AnnouncementHead(ctx context.Context) (head int64, err error) {
	err = c.read(ctx, func(tx *store.Tx) error {
		head, err = tx.AnnouncementHead(ctx)
		return err
	})
	return head, err
}

// AnnouncementsAfter lists up to limit announcements with a number above after,
// ascending.
func (c *Curator) AnnouncementsAfter(ctx context.Context, after int64, limit int) (list []gallery.Announcement, err error) {
	err = c.read(ctx, func(tx *store.Tx) error {
		list, err = tx.AnnouncementsAfter(ctx, after, limit)
		return err
	})
	return list, err
}

// MarkReadUpTo marks the user's notifications up to seq as read and counts those
// that are left.
func (c *Curator) MarkReadUpTo(ctx context.Context, userID string, seq int64) (unread int64, err error) {
	err = c.write(ctx, func(a *act) error {
		if err := a.MarkReadUpTo(ctx, userID, seq, a.now); err != nil {
			return err
		}
		unread, err = a.UnreadCount(ctx, userID)
		return err
	})
	return unread, err
}
