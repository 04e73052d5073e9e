package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"invisibleart.example/gallery"
)

// InsertArtwork adds an artwork with its conditions; of a.Artist only the ID
// counts, and Reactions not at all. gallery.NotFound when the artist is gone.
func (tx *Tx) InsertArtwork(ctx context.Context, a gallery.Artwork) error {
	if _, err := tx.exec(ctx, `INSERT INTO artworks (id, artist_id, title, description, alt_text, search,
		content_type, commitment, salt, size, key_id, wrapped_key, placeholder,
		reveal_when, revealed_at, view_count, comment_count, views_before, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		a.ID, a.Artist.ID, a.Title, a.Description, a.AltText, searchText(a.Title, a.Description),
		a.ContentType, a.Seal.Commitment, a.Seal.Salt, a.Seal.Size, a.Seal.KeyID, hex.EncodeToString(a.Seal.WrappedKey), a.Placeholder,
		string(a.RevealWhen), micros(a.RevealedAt), a.ViewCount, a.CommentCount, a.ViewsBefore,
		micros(a.CreatedAt), micros(a.UpdatedAt)); err != nil {
		return fmt.Errorf("insert artwork %s: %w", a.ID, err)
	}
	if err := tx.insertConditions(ctx, a.ID, a.IsRevealed(), a.Conditions); err != nil {
		return fmt.Errorf("insert artwork %s: %w", a.ID, err)
	}
	return nil
}

// searchText is what Filter.Query is looked for in. The line break keeps a
// query from matching across the two.
func searchText(title, description string) string { return key(title) + "\n" + key(description) }

// UpdateArtwork changes the texts that are not nil, and updated_at.
func (tx *Tx) UpdateArtwork(ctx context.Context, id string, title, description, altText *string, at time.Time) error {
	var t, d, alt string
	found, err := tx.get(ctx, []any{&t, &d, &alt},
		`UPDATE artworks SET updated_at = $2 WHERE id = $1 RETURNING title, description, alt_text`, id, micros(at))
	if err != nil {
		return fmt.Errorf("update artwork %s: %w", id, err)
	}
	if !found {
		return notFound("artwork")
	}
	for _, text := range []struct{ to, from *string }{{&t, title}, {&d, description}, {&alt, altText}} {
		if text.from != nil {
			*text.to = *text.from
		}
	}
	if _, err := tx.exec(ctx, `UPDATE artworks SET title = $2, description = $3, alt_text = $4, search = $5 WHERE id = $1`,
		id, t, d, alt, searchText(t, d)); err != nil {
		return fmt.Errorf("update artwork %s: %w", id, err)
	}
	return nil
}

// Reveal reveals the artwork, once and for ever: of all that try, one gets
// won == true. gallery.NotFound when there is no such artwork.
func (tx *Tx) Reveal(ctx context.Context, id string, at time.Time) (won bool, err error) {
	n, err := tx.exec(ctx, `UPDATE artworks SET revealed_at = $2, updated_at = $2
		WHERE id = $1 AND revealed_at IS NULL`, id, micros(at))
	if err != nil {
		return false, fmt.Errorf("reveal artwork %s: %w", id, err)
	}
	if n == 0 {
		return false, tx.lock(ctx, id) // tells a revealed artwork from a missing one
	}
	if _, err := tx.exec(ctx, `UPDATE conditions SET due_at = NULL
		WHERE artwork_id = $1 AND due_at IS NOT NULL`, id); err != nil {
		return false, fmt.Errorf("reveal artwork %s: %w", id, err)
	}
	return true, nil
}

// DeleteArtwork removes an artwork with its conditions, views, comments and
// reactions. What inboxes say of it stays.
func (tx *Tx) DeleteArtwork(ctx context.Context, id string) error {
	n, err := tx.exec(ctx, `DELETE FROM artworks WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("delete artwork %s: %w", id, err)
	}
	if n == 0 {
		return notFound("artwork")
	}
	return nil
}
