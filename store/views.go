package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// AddViews counts the viewers who have not seen the artwork before; who has,
// who stands there twice, who is its artist, and whose account is gone, does
// not count. It returns how many were added and how many views there are now.
// Whoever writes several batches in one transaction goes by artwork id.
func (tx *Tx) AddViews(ctx context.Context, artworkID string, viewers []string, at time.Time) (added, views int64, err error) {
	// The artwork's lock first, and the viewers in order: two batches that
	// meet wait for each other in one direction only.
	if err := tx.lock(ctx, artworkID); err != nil {
		return 0, 0, err
	}
	viewers = slices.Sorted(slices.Values(viewers))
	for chunk := range batches(viewers) {
		n, err := tx.exec(ctx, `INSERT INTO views (artwork_id, viewer_id, viewed_at)
			SELECT a.id, u.id, CAST($2 AS BIGINT) FROM artworks a, users u
			WHERE a.id = $1 AND u.id IN (`+marks(3, len(chunk))+`) AND u.id <> a.artist_id
			ORDER BY u.id`+tx.db.engine.keepUsers+` ON CONFLICT DO NOTHING`,
			append([]any{artworkID, micros(at)}, anys(chunk)...)...)
		if err != nil {
			return 0, 0, fmt.Errorf("add %d views to artwork %s: %w", len(chunk), artworkID, err)
		}
		added += n
	}
	if _, err := tx.get(ctx, []any{&views},
		`UPDATE artworks SET view_count = view_count + $2 WHERE id = $1 RETURNING view_count`, artworkID, added); err != nil {
		return 0, 0, fmt.Errorf("count views of artwork %s: %w", artworkID, err)
	}
	return added, views, nil
}

// HasViewed tells whether a viewer's look at the artwork was counted.
func (tx *Tx) HasViewed(ctx context.Context, artworkID, viewerID string) (bool, error) {
	var one int
	found, err := tx.get(ctx, []any{&one},
		`SELECT 1 FROM views WHERE artwork_id = $1 AND viewer_id = $2`, artworkID, viewerID)
	if err != nil {
		return false, fmt.Errorf("look for a view of artwork %s: %w", artworkID, err)
	}
	return found, nil
}
