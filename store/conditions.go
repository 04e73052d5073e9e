package store

import (
	"context"
	"fmt"
	"time"

	"invisibleart.example/gallery"
)

// conditions reads the conditions of artworks, in the order they were given.
func (tx *Tx) conditions(ctx context.Context, artworkIDs []string) (map[string][]gallery.Condition, error) {
	type of struct {
		artworkID string
		gallery.Condition
	}
	scan := func(r row) (c of, err error) {
		err = r.Scan(&c.artworkID, &c.ID, &c.Measure, instant{&c.RevealAt}, &c.Target, &c.Current, &c.IsMet)
		return c, err
	}
	list, err := all(ctx, tx, scan, `SELECT artwork_id, id, measure, reveal_at, target, progress, is_met
		FROM conditions WHERE artwork_id IN (`+marks(1, len(artworkIDs))+`) ORDER BY artwork_id, place`, anys(artworkIDs)...)
	if err != nil {
		return nil, err
	}
	conditions := make(map[string][]gallery.Condition, len(artworkIDs))
	for _, c := range list {
		conditions[c.artworkID] = append(conditions[c.artworkID], c.Condition)
	}
	return conditions, nil
}

func (tx *Tx) insertConditions(ctx context.Context, artworkID string, revealed bool, conditions []gallery.Condition) error {
	for i, c := range conditions {
		due := c.RevealAt
		if revealed || c.IsMet {
			due = time.Time{}
		}
		if _, err := tx.exec(ctx, `INSERT INTO conditions
			(id, artwork_id, place, measure, reveal_at, due_at, target, progress, is_met)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			c.ID, artworkID, i, string(c.Measure), micros(c.RevealAt), micros(due), c.Target, c.Current, bit(c.IsMet)); err != nil {
			return fmt.Errorf("insert condition %s: %w", c.ID, err)
		}
	}
	return nil
}

// ReplaceConditions gives an artwork a new list of conditions, with their
// progress as it stands in them, and a new way to combine them.
func (tx *Tx) ReplaceConditions(ctx context.Context, artworkID string, when gallery.RevealWhen, conditions []gallery.Condition) error {
	var revealedAt time.Time
	found, err := tx.get(ctx, []any{instant{&revealedAt}},
		`UPDATE artworks SET reveal_when = $2 WHERE id = $1 RETURNING revealed_at`, artworkID, string(when))
	if err != nil {
		return fmt.Errorf("replace conditions of artwork %s: %w", artworkID, err)
	}
	if !found {
		return notFound("artwork")
	}
	if _, err := tx.exec(ctx, `DELETE FROM conditions WHERE artwork_id = $1`, artworkID); err != nil {
		return fmt.Errorf("replace conditions of artwork %s: %w", artworkID, err)
	}
	if err := tx.insertConditions(ctx, artworkID, !revealedAt.IsZero(), conditions); err != nil {
		return fmt.Errorf("replace conditions of artwork %s: %w", artworkID, err)
	}
	return nil
}

// SaveConditions writes down how far the conditions have come, found by their
// ID. Conditions latch: a lower progress, or an unmet condition that was met,
// changes nothing. What has not moved costs no write.
func (tx *Tx) SaveConditions(ctx context.Context, artworkID string, conditions []gallery.Condition) error {
	for _, c := range conditions {
		if _, err := tx.exec(ctx, `UPDATE conditions SET
			progress = CASE WHEN progress < $3 THEN $3 ELSE progress END,
			is_met = CASE WHEN is_met < $4 THEN $4 ELSE is_met END,
			due_at = CASE WHEN is_met < $4 THEN NULL ELSE due_at END
			WHERE id = $2 AND artwork_id = $1 AND (progress < $3 OR is_met < $4)`,
			artworkID, c.ID, c.Current, bit(c.IsMet)); err != nil {
			return fmt.Errorf("save condition %s of artwork %s: %w", c.ID, artworkID, err)
		}
	}
	return nil
}
