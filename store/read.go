package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// MarkRead marks entries of a user's own inbox as read at a time. Ids that are
// not there, or another's, or read before, change nothing.
func (tx *Tx) MarkRead(ctx context.Context, userID string, ids []string, at time.Time) error {
	for chunk := range slices.Chunk(ids, batch) {
		if _, err := tx.exec(ctx, `UPDATE inbox SET read_at = $2
			WHERE recipient_id = $1 AND read_at IS NULL AND id IN (`+marks(3, len(chunk))+`)`,
			append([]any{userID, micros(at)}, anys(chunk)...)...); err != nil {
			return fmt.Errorf("mark %d entries of user %s read: %w", len(chunk), userID, err)
		}
	}
	return nil
}

// MarkReadUpTo marks everything in a user's inbox up to and including seq as
// read at a time.
func (tx *Tx) MarkReadUpTo(ctx context.Context, userID string, seq int64, at time.Time) error {
	if _, err := tx.exec(ctx, `UPDATE inbox SET read_at = $3
		WHERE recipient_id = $1 AND read_at IS NULL AND seq <= $2`, userID, seq, micros(at)); err != nil {
		return fmt.Errorf("mark entries of user %s up to %d read: %w", userID, seq, err)
	}
	return nil
}
