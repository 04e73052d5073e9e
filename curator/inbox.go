package curator

import (
	"context"
	"fmt"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

// announcementLife is how long an announcement stands in every inbox
// (docs/protocol.md, "Sockets").
const announcementLife = 7 * 24 * time.Hour

// Inbox is a page of somebody's notifications with what belongs beside it, all
// of one moment.
type Inbox struct {
	Notifications []gallery.Notification // newest first
	Next          string                 // the next page's cursor, "" on the last
	Unread        int64
	Announcements []gallery.Announcement // not expired, newest first
}

// Inbox reads a page of the caller's inbox, only what is unread if asked.
func (c *Curator) Inbox(ctx context.Context, who auth.Identity, unread bool, page gallery.Page) (inbox Inbox, err error) {
	if err := signedIn(who); err != nil {
		return Inbox{}, err
	}
	err = c.read(ctx, func(tx *store.Tx) error {
		inbox.Notifications, inbox.Next, err = tx.Inbox(ctx, who.User.ID, unread, page)
		if err != nil {
			return err
		}
		if inbox.Unread, err = tx.UnreadCount(ctx, who.User.ID); err != nil {
			return err
		}
		inbox.Announcements, err = tx.Announcements(ctx, c.instant())
		return err
	})
	if err != nil {
		return Inbox{}, err
	}
	return inbox, nil
}

// MarkRead marks notifications of the caller as read, those with the given ids
// or all up to a seq (nil: none of the kind), and counts what is left unread.
// Ids of nobody's or somebody else's notifications mark nothing; what is no id
// at all is Invalid.
func (c *Curator) MarkRead(ctx context.Context, who auth.Identity, ids []string, upTo *int64) (unread int64, err error) {
	if err := signedIn(who); err != nil {
		return 0, err
	}
	var places places
	known := make([]string, 0, len(ids))
	for i, id := range ids {
		id, err := canonical("notification", id)
		if err != nil {
			places.add(fmt.Sprintf("ids[%d]", i), "is not an id")
			continue
		}
		known = append(known, id)
	}
	if upTo != nil && *upTo < 0 {
		places.add("up_to", "must not be negative")
	}
	if err := places.err(); err != nil {
		return 0, err
	}
	err = c.write(ctx, func(a *act) error {
		if len(known) > 0 {
			if err := a.MarkRead(ctx, who.User.ID, known, a.now); err != nil {
				return err
			}
		}
		if upTo != nil {
			if err := a.MarkReadUpTo(ctx, who.User.ID, *upTo, a.now); err != nil {
				return err
			}
		}
		unread, err = a.UnreadCount(ctx, who.User.ID)
		return err
	})
	return unread, err
}

// Broadcast announces something to everybody. Administrators only; Invalid at
// "message".
func (c *Curator) Broadcast(ctx context.Context, who auth.Identity, text string) (gallery.Announcement, error) {
	if err := signedIn(who); err != nil {
		return gallery.Announcement{}, err
	}
	return c.announce(ctx, text, func(a *act) error {
		account, err := c.standing(ctx, a.Tx, who)
		if err == nil && !account.IsAdmin {
			return gallery.Errorf(gallery.Forbidden, "Only administrators may broadcast.")
		}
		return err
	})
}

// Announce is Broadcast for the operator's command.
func (c *Curator) Announce(ctx context.Context, text string) (gallery.Announcement, error) {
	return c.announce(ctx, text, func(*act) error { return nil })
}

func (c *Curator) announce(ctx context.Context, text string, allowed func(*act) error) (n gallery.Announcement, err error) {
	var places places
	text = places.text("message", gallery.CommentText, text)
	if err := places.err(); err != nil {
		return gallery.Announcement{}, err
	}
	err = c.write(ctx, func(a *act) error {
		if err := allowed(a); err != nil {
			return err
		}
		n, err = a.Announce(ctx, gallery.Announcement{
			ID: newID(), Message: text, CreatedAt: a.now, ExpiresAt: a.now.Add(announcementLife),
		})
		if err != nil {
			return err
		}
		return a.tell(ctx, gallery.Event{Kind: gallery.EventSystemMessage, Announcement: n})
	})
	return n, err
}
