package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"invisibleart.example/gallery"
)

// Gathering is a hidden artwork's unmet wish for so many people before it at
// once.
type Gathering struct {
	ArtworkID, ArtistID string
	Current, Target     int64 // the most there have been, and how many it takes
}

// Gatherings lists the unmet concurrent_viewers conditions of those of the
// artworks that are hidden, by id and the smallest target first. Who has none,
// or is gone, is left out.
func (tx *Tx) Gatherings(ctx context.Context, artworkIDs []string) (list []Gathering, err error) {
	scan := func(r row) (g Gathering, err error) {
		err = r.Scan(&g.ArtworkID, &g.ArtistID, &g.Current, &g.Target)
		return g, err
	}
	for chunk := range batches(artworkIDs) {
		found, err := all(ctx, tx, scan, `SELECT c.artwork_id, a.artist_id, c.progress, c.target
			FROM conditions c JOIN artworks a ON a.id = c.artwork_id
			WHERE c.artwork_id IN (`+marks(2, len(chunk))+`) AND c.measure = $1 AND c.is_met = 0 AND a.revealed_at IS NULL`, append([]any{string(gallery.MeasureConcurrentViewers)}, anys(chunk)...)...)
		if err != nil {
			return nil, fmt.Errorf("list gatherings before %d artworks: %w", len(chunk), err)
		}
		list = append(list, found...)
	}
	slices.SortFunc(list, func(a, b Gathering) int {
		return cmp.Or(cmp.Compare(a.ArtworkID, b.ArtworkID), cmp.Compare(a.Target, b.Target))
	})
	return list, nil
}
