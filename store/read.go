package store

import (
	"context"
	"fmt"
	"time"
)

// MarkRead marks entries of a user's own inbox as read at a time. Ids that are
// not there, or another's, or read before, change nothing.
func (tx *Tx) MarkRead(ctx context.Context, userID string, ids []string, at time.Time) error {
	for chunk := range batches(ids) {
		if err := tx.markRead(ctx, `id IN (`+marks(3, len(chunk))+`)`, userID, at, anys(chunk)...); err != nil {
			return fmt.Errorf("mark %d entries of user %s read: %w", len(chunk), userID, err)
		}
	}
	return nil
}

// MarkReadUpTo marks everything in a user's inbox up to and including seq as
// read at a time.
func (tx *Tx) MarkReadUpTo(ctx context.Context, userID string, seq int64, at time.Time) error {
	if err := tx.markRead(ctx, `seq <= $3`, userID, at, seq); err != nil {
		return fmt.Errorf("mark entries of user %s up to %d read: %w", userID, seq, err)
	}
	return nil
}

// markRead marks what a term finds. Two sockets of a user may well mark the
// same entries: they lock them in one order.
func (tx *Tx) markRead(ctx context.Context, term, userID string, at time.Time, args ...any) error {
	_, err := tx.exec(ctx, `UPDATE inbox SET read_at = $2 WHERE id IN (SELECT id FROM inbox
		WHERE recipient_id = $1 AND read_at IS NULL AND `+term+` ORDER BY seq`+tx.db.engine.lockRows+`)`,
		append([]any{userID, micros(at)}, args...)...)
	return err
}
