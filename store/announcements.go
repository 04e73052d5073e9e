package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"invisibleart.example/gallery"
)

const announcementSelect = `SELECT id, number, message, created_at, expires_at FROM announcements`

func scanAnnouncement(r row) (a gallery.Announcement, err error) {
	err = r.Scan(&a.ID, &a.Number, &a.Message, instant{&a.CreatedAt}, instant{&a.ExpiresAt})
	return a, err
}

// Announce stores an announcement with the next number and returns it as
// stored. One row is locked until the transaction ends: so the numbers have no
// gap and run in the order of the commits. An empty ID and a zero CreatedAt
// are filled in; ExpiresAt must be given.
func (tx *Tx) Announce(ctx context.Context, a gallery.Announcement) (gallery.Announcement, error) {
	tx.stamp(&a.ID, &a.CreatedAt)
	if _, err := tx.get(ctx, []any{&a.Number},
		`UPDATE announcement_head SET number = number + 1 WHERE id = 1 RETURNING number`); err != nil {
		return a, fmt.Errorf("take number of announcement %s: %w", a.ID, err)
	}
	if _, err := tx.exec(ctx, `INSERT INTO announcements (id, number, message, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5)`, a.ID, a.Number, a.Message, micros(a.CreatedAt), micros(a.ExpiresAt)); err != nil {
		return a, fmt.Errorf("announce %s: %w", a.ID, err)
	}
	return a, nil
}

// AnnouncementHead is the number of the newest announcement, 0 before the
// first.
func (tx *Tx) AnnouncementHead(ctx context.Context) (int64, error) {
	var head int64
	if _, err := tx.get(ctx, []any{&head}, `SELECT number FROM announcement_head WHERE id = 1`); err != nil {
		return 0, fmt.Errorf("read announcement head: %w", err)
	}
	return head, nil
}

// AnnouncementsAfter lists the announcements after number after, oldest first,
// limit at most.
func (tx *Tx) AnnouncementsAfter(ctx context.Context, after int64, limit int) ([]gallery.Announcement, error) {
	list, err := all(ctx, tx, scanAnnouncement, announcementSelect+` WHERE number > $1 ORDER BY number LIMIT $2`, after, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("read announcements after %d: %w", after, err)
	}
	return list, nil
}

// Announcements lists those that have not expired by now, newest first.
func (tx *Tx) Announcements(ctx context.Context, now time.Time) ([]gallery.Announcement, error) {
	// Sorted here: asked to sort, the database walks all that ever were.
	list, err := all(ctx, tx, scanAnnouncement, announcementSelect+` WHERE expires_at > $1`, micros(now))
	if err != nil {
		return nil, fmt.Errorf("list announcements: %w", err)
	}
	slices.SortFunc(list, func(a, b gallery.Announcement) int { return cmp.Compare(b.Number, a.Number) })
	return list, nil
}
