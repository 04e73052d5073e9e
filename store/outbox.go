package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"invisibleart.example/gallery"
)

// Enqueue writes an event into the outbox, in the transaction of what it tells
// of. An empty ID and a zero CreatedAt are filled in.
func (tx *Tx) Enqueue(ctx context.Context, e gallery.Event) error {
	tx.stamp(&e.ID, &e.CreatedAt)
	payload, err := encodeEvent(e)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	if _, err := tx.exec(ctx, `INSERT INTO outbox (id, kind, payload, created_at) VALUES ($1, $2, $3, $4)`,
		e.ID, string(e.Kind), payload, micros(e.CreatedAt)); err != nil {
		return fmt.Errorf("enqueue event %s: %w", e.ID, err)
	}
	return nil
}

// Outbox lists, oldest first, the events that were made before a time, limit
// at most. Those of one instant come in the order of their ids.
func (tx *Tx) Outbox(ctx context.Context, before time.Time, limit int) ([]gallery.Event, error) {
	scan := func(r row) (gallery.Event, error) {
		var e gallery.Event
		var payload string
		if err := r.Scan(&e.ID, &e.Kind, &payload, instant{&e.CreatedAt}); err != nil {
			return e, err
		}
		return decodeEvent(e, payload)
	}
	events, err := all(ctx, tx, scan, `SELECT id, kind, payload, created_at FROM outbox
		WHERE created_at < $1 ORDER BY created_at, id LIMIT $2`, micros(before), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return events, nil
}

// DeleteOutbox removes events that have been told. Unknown ids are fine:
// another node told them.
func (tx *Tx) DeleteOutbox(ctx context.Context, ids []string) error {
	for chunk := range slices.Chunk(ids, batch) {
		if _, err := tx.exec(ctx, `DELETE FROM outbox WHERE id IN (`+marks(1, len(chunk))+`)`, anys(chunk)...); err != nil {
			return fmt.Errorf("delete %d events: %w", len(chunk), err)
		}
	}
	return nil
}
