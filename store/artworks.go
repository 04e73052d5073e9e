package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"invisibleart.example/gallery"
)

const artworkSelect = `SELECT a.id, a.title, a.description, a.alt_text, u.id, u.username,
	a.content_type, a.commitment, a.salt, a.size, a.key_id, a.wrapped_key, a.placeholder,
	a.reveal_when, a.revealed_at, a.view_count, a.comment_count, a.views_before, a.created_at, a.updated_at
	FROM artworks a JOIN users u ON u.id = a.artist_id`

func scanArtwork(r row) (gallery.Artwork, error) {
	var a gallery.Artwork
	var wrapped string
	if err := r.Scan(&a.ID, &a.Title, &a.Description, &a.AltText, &a.Artist.ID, &a.Artist.Username,
		&a.ContentType, &a.Seal.Commitment, &a.Seal.Salt, &a.Seal.Size, &a.Seal.KeyID, &wrapped, &a.Placeholder,
		&a.RevealWhen, instant{&a.RevealedAt}, &a.ViewCount, &a.CommentCount, &a.ViewsBefore,
		instant{&a.CreatedAt}, instant{&a.UpdatedAt}); err != nil {
		return a, err
	}
	var err error
	a.Seal.WrappedKey, err = hex.DecodeString(wrapped)
	return a, err
}

// Artwork reads a whole artwork. Reactions is never nil.
func (tx *Tx) Artwork(ctx context.Context, id string) (gallery.Artwork, error) {
	list, err := tx.artworks(ctx, artworkSelect+` WHERE a.id = $1`, id)
	if err != nil {
		return gallery.Artwork{}, fmt.Errorf("read artwork %s: %w", id, err)
	}
	if len(list) == 0 {
		return gallery.Artwork{}, notFound("artwork")
	}
	return list[0], nil
}

// artworks runs a query that begins with artworkSelect and adds what other
// tables say of its results: three statements, however many artworks.
func (tx *Tx) artworks(ctx context.Context, query string, args ...any) ([]gallery.Artwork, error) {
	list, err := all(ctx, tx, scanArtwork, query, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	ids = fill(ids)
	conditions, err := tx.conditions(ctx, ids)
	if err != nil {
		return nil, err
	}
	reactions, err := tx.reactions(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Conditions, list[i].Reactions = conditions[list[i].ID], reactions[list[i].ID]
	}
	return list, nil
}

// ArtworkState reads what artwork sockets say.
func (tx *Tx) ArtworkState(ctx context.Context, id string) (gallery.ArtworkState, error) {
	var s gallery.ArtworkState
	found, err := tx.get(ctx, []any{&s.ID, &s.Title, &s.Artist, &s.IsRevealed},
		`SELECT a.id, a.title, u.username, CASE WHEN a.revealed_at IS NULL THEN 0 ELSE 1 END
		FROM artworks a JOIN users u ON u.id = a.artist_id WHERE a.id = $1`, id)
	if err != nil {
		return gallery.ArtworkState{}, fmt.Errorf("read state of artwork %s: %w", id, err)
	}
	if !found {
		return gallery.ArtworkState{}, notFound("artwork")
	}
	return s, nil
}

// LockArtwork reads an artwork that nobody else can then change until this
// transaction, a writing one, ends. Whoever locks several does so at once, with
// LockArtworks, and recipients (Notify) after them.
func (tx *Tx) LockArtwork(ctx context.Context, id string) (gallery.Artwork, error) {
	list, err := tx.LockArtworks(ctx, []string{id})
	if err != nil {
		return gallery.Artwork{}, err
	}
	if len(list) == 0 {
		return gallery.Artwork{}, notFound("artwork")
	}
	return list[0], nil
}

// LockArtworks does as LockArtwork for several, and returns them in the order
// of their ids; those that are gone are left out. It takes four statements for
// each thousand. They are locked in that order, so that two transactions that
// want some of the same wait for each other in one direction only.
func (tx *Tx) LockArtworks(ctx context.Context, ids []string) (list []gallery.Artwork, err error) {
	for chunk := range batches(slices.Sorted(slices.Values(ids))) {
		in := ` IN (` + marks(1, len(chunk)) + `) ORDER BY `
		if _, err := all(ctx, tx, scanText, `SELECT id FROM artworks WHERE id`+in+`id`+tx.db.engine.lockRows, anys(chunk)...); err != nil {
			return nil, fmt.Errorf("lock %d artworks: %w", len(chunk), err)
		}
		// Only now: what is read before the lock is held may be old.
		found, err := tx.artworks(ctx, artworkSelect+` WHERE a.id`+in+`a.id`, anys(chunk)...)
		if err != nil {
			return nil, fmt.Errorf("read %d locked artworks: %w", len(chunk), err)
		}
		list = append(list, found...)
	}
	return list, nil
}

// lock takes the lock of an artwork's row.
func (tx *Tx) lock(ctx context.Context, artworkID string) error {
	var id string
	found, err := tx.get(ctx, []any{&id}, `SELECT id FROM artworks WHERE id = $1`+tx.db.engine.lockRows, artworkID)
	if err != nil {
		return fmt.Errorf("lock artwork %s: %w", artworkID, err)
	}
	if !found {
		return notFound("artwork")
	}
	return nil
}

// HasArtworks tells which of the ids are artworks: true for those, nothing for
// the others. The vault's collection of orphans asks.
func (tx *Tx) HasArtworks(ctx context.Context, ids []string) (map[string]bool, error) {
	known := make(map[string]bool, len(ids))
	for chunk := range batches(ids) {
		found, err := all(ctx, tx, scanText, `SELECT id FROM artworks WHERE id IN (`+marks(1, len(chunk))+`)`, anys(chunk)...)
		if err != nil {
			return nil, fmt.Errorf("look for %d artworks: %w", len(ids), err)
		}
		for _, id := range found {
			known[id] = true
		}
	}
	return known, nil
}

// reactions counts the reactions of each artwork, by emoji.
func (tx *Tx) reactions(ctx context.Context, artworkIDs []string) (map[string]map[string]int64, error) {
	type count struct {
		artworkID, emoji string
		n                int64
	}
	scan := func(r row) (c count, err error) {
		err = r.Scan(&c.artworkID, &c.emoji, &c.n)
		return c, err
	}
	counts, err := all(ctx, tx, scan, `SELECT artwork_id, emoji, COUNT(*) FROM reactions
		WHERE artwork_id IN (`+marks(1, len(artworkIDs))+`) GROUP BY artwork_id, emoji`, anys(artworkIDs)...)
	if err != nil {
		return nil, err
	}
	reactions := make(map[string]map[string]int64, len(artworkIDs))
	for _, id := range artworkIDs {
		reactions[id] = map[string]int64{}
	}
	for _, c := range counts {
		reactions[c.artworkID][c.emoji] = c.n
	}
	return reactions, nil
}

// Due is an instant at which the clock has to look at an artwork.
type Due struct {
	ArtworkID string
	At        time.Time
}

// Due lists, soonest first, the unmet time conditions of hidden artworks up to
// and including until, those long past among them. An artwork stands there
// once for each of its conditions.
func (tx *Tx) Due(ctx context.Context, until time.Time) ([]Due, error) {
	scan := func(r row) (d Due, err error) {
		err = r.Scan(&d.ArtworkID, instant{&d.At})
		return d, err
	}
	due, err := all(ctx, tx, scan, `SELECT artwork_id, due_at FROM conditions
		WHERE due_at <= $1 ORDER BY due_at, artwork_id`, micros(until))
	if err != nil {
		return nil, fmt.Errorf("list due artworks: %w", err)
	}
	return due, nil
}
