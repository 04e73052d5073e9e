package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"invisibleart.example/gallery"
)

const inboxSelect = `SELECT id, recipient_id, seq, message, data, created_at, read_at FROM inbox`

func scanNotification(r row) (n gallery.Notification, err error) {
	var data string
	if err = r.Scan(&n.ID, &n.RecipientID, &n.Seq, &n.Message, &data, instant{&n.CreatedAt}, instant{&n.ReadAt}); err != nil {
		return n, err
	}
	err = json.Unmarshal([]byte(data), &n.Data)
	return n, err
}

// Notify puts a notification into its recipient's inbox, with the next seq,
// and returns it as stored. The recipient's row stays locked until the
// transaction ends: so seq has no gap and runs in the order of the commits. An
// empty ID and a zero CreatedAt are filled in. gallery.NotFound when the
// recipient is gone.
func (tx *Tx) Notify(ctx context.Context, n gallery.Notification) (gallery.Notification, error) {
	tx.stamp(&n.ID, &n.CreatedAt)
	data, err := json.Marshal(n.Data)
	if err != nil {
		return n, fmt.Errorf("encode notification %s: %w", n.ID, err)
	}
	found, err := tx.get(ctx, []any{&n.Seq},
		`UPDATE users SET inbox_head = inbox_head + 1 WHERE id = $1 RETURNING inbox_head`, n.RecipientID)
	if err != nil {
		return n, fmt.Errorf("take seq of user %s: %w", n.RecipientID, err)
	}
	if !found {
		return n, notFound("user")
	}
	if _, err := tx.exec(ctx, `INSERT INTO inbox (id, recipient_id, seq, message, data, created_at, read_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		n.ID, n.RecipientID, n.Seq, n.Message, string(data), micros(n.CreatedAt), micros(n.ReadAt)); err != nil {
		return n, fmt.Errorf("notify user %s: %w", n.RecipientID, err)
	}
	return n, nil
}

// InboxHead is the newest seq of a user's inbox, 0 when nothing ever came.
func (tx *Tx) InboxHead(ctx context.Context, userID string) (int64, error) {
	var head int64
	found, err := tx.get(ctx, []any{&head}, `SELECT inbox_head FROM users WHERE id = $1`, userID)
	if err != nil {
		return 0, fmt.Errorf("read inbox head of user %s: %w", userID, err)
	}
	if !found {
		return 0, notFound("user")
	}
	return head, nil
}

// InboxAfter lists what came after seq after, oldest first, limit at most.
func (tx *Tx) InboxAfter(ctx context.Context, userID string, after int64, limit int) ([]gallery.Notification, error) {
	list, err := all(ctx, tx, scanNotification, inboxSelect+` WHERE recipient_id = $1 AND seq > $2
		ORDER BY seq LIMIT $3`, userID, after, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("read inbox of user %s after %d: %w", userID, after, err)
	}
	return list, nil
}

const (
	inboxList  = "inbox"
	unreadList = "unread"
)

// Inbox lists a user's inbox, or what is unread of it, newest first, and the
// cursor of the next page ("" at the end). gallery.Malformed for a cursor that
// is none.
func (tx *Tx) Inbox(ctx context.Context, userID string, unread bool, p gallery.Page) (list []gallery.Notification, next string, err error) {
	name, term := inboxList, ``
	if unread {
		name, term = unreadList, ` AND read_at IS NULL`
	}
	from, err := startOf(p, name)
	if err != nil {
		return nil, "", err
	}
	list, err = all(ctx, tx, scanNotification, inboxSelect+` WHERE recipient_id = $1 AND seq < $2`+term+
		` ORDER BY seq DESC LIMIT $3`, userID, from.number, p.Size()+1)
	if err != nil {
		return nil, "", fmt.Errorf("list inbox of user %s: %w", userID, err)
	}
	list, next = cut(list, p.Size(), name, func(n gallery.Notification) place { return place{number: n.Seq} })
	return list, next, nil
}

// UnreadCount is how many entries of a user's inbox are unread.
func (tx *Tx) UnreadCount(ctx context.Context, userID string) (int64, error) {
	var n int64
	if _, err := tx.get(ctx, []any{&n},
		`SELECT COUNT(*) FROM inbox WHERE recipient_id = $1 AND read_at IS NULL`, userID); err != nil {
		return 0, fmt.Errorf("count unread entries of user %s: %w", userID, err)
	}
	return n, nil
}

// PurgeInbox removes the entries of all inboxes that are older than before.
// The numbering goes on.
func (tx *Tx) PurgeInbox(ctx context.Context, before time.Time) error {
	if _, err := tx.exec(ctx, `DELETE FROM inbox WHERE created_at < $1`, micros(before)); err != nil {
		return fmt.Errorf("purge inboxes: %w", err)
	}
	return nil
}
