package store

import (
	"context"
	"fmt"
	"time"

	"invisibleart.example/gallery"
)

// Enqueue writes an event into the outbox, in the transaction of what it tells
// of. An empty ID and a zero CreatedAt are filled in. node is the one that will
// tell it right after the commit: the others leave it alone until that claim
// is abandoned (see [Tx.Outbox]). "" is nobody, and the next sweep of anyone
// tells it.
func (tx *Tx) Enqueue(ctx context.Context, e gallery.Event, node string) error {
	tx.stamp(&e.ID, &e.CreatedAt)
	payload, err := encodeEvent(e)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	if _, err := tx.exec(ctx, `INSERT INTO outbox (id, kind, payload, created_at, node, claimed_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		e.ID, string(e.Kind), payload, micros(e.CreatedAt), node, tx.db.Clock().UnixMicro()); err != nil {
		return fmt.Errorf("enqueue event %s: %w", e.ID, err)
	}
	return nil
}

// Outbox lists, oldest first, the events that a node may tell, limit at most:
// its own, those of nobody, and those that another claimed before abandoned
// and so cannot be alive to tell. It reads and claims nothing. Events of one
// instant come in the order of their ids.
func (tx *Tx) Outbox(ctx context.Context, node string, abandoned time.Time, limit int) ([]gallery.Event, error) {
	scan := func(r row) (gallery.Event, error) {
		var e gallery.Event
		var payload string
		if err := r.Scan(&e.ID, &e.Kind, &payload, instant{&e.CreatedAt}); err != nil {
			return e, err
		}
		return decodeEvent(e, payload)
	}
	events, err := all(ctx, tx, scan, `SELECT id, kind, payload, created_at FROM outbox
		WHERE node = $1 OR node = '' OR claimed_at < $2
		ORDER BY created_at, id LIMIT $3`, node, abandoned.UnixMicro(), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return events, nil
}

// ClaimOutbox makes events a node's own, as of a time, and returns the ids of
// those that it got: of several nodes that try at once one gets each. A row
// that another holds, and did not abandon, is not touched; nor is one that
// another is claiming right now.
func (tx *Tx) ClaimOutbox(ctx context.Context, node string, abandoned, at time.Time, ids []string) (claimed []string, err error) {
	for chunk := range batches(ids) {
		got, err := all(ctx, tx, scanText, `UPDATE outbox SET node = $1, claimed_at = $3 WHERE id IN (
			SELECT id FROM outbox WHERE id IN (`+marks(4, len(chunk))+`)
			AND (node = $1 OR node = '' OR claimed_at < $2) ORDER BY id`+tx.db.engine.skipLocked+`) RETURNING id`,
			append([]any{node, abandoned.UnixMicro(), at.UnixMicro()}, anys(chunk)...)...)
		if err != nil {
			return nil, fmt.Errorf("claim %d events: %w", len(chunk), err)
		}
		claimed = append(claimed, got...)
	}
	return claimed, nil
}

// DeleteOutbox removes events that have been told. Unknown ids are fine:
// another node told them.
func (tx *Tx) DeleteOutbox(ctx context.Context, ids []string) error {
	for chunk := range batches(ids) {
		if _, err := tx.exec(ctx, `DELETE FROM outbox WHERE id IN (
			SELECT id FROM outbox WHERE id IN (`+marks(1, len(chunk))+`) ORDER BY id`+tx.db.engine.lockRows+`)`,
			anys(chunk)...); err != nil {
			return fmt.Errorf("delete %d events: %w", len(chunk), err)
		}
	}
	return nil
}
