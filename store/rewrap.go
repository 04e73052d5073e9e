package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"invisibleart.example/gallery"
)

// SealedKey is the wrapped key of one artwork, as its row holds it; of the Seal
// only KeyID and WrappedKey are set.
type SealedKey struct {
	ArtworkID string
	Seal      gallery.Seal
}

// KeysNotUnder lists wrapped keys that are under another master key than keyID,
// by artwork id, those after a given one ("" begins), at most limit.
func (tx *Tx) KeysNotUnder(ctx context.Context, keyID, after string, limit int) ([]SealedKey, error) {
	// By the primary key, not by an index on key_id: a rotation has to look at
	// every row once, and rows that serve every day need not carry that index.
	list, err := all(ctx, tx, scanSealedKey, `SELECT id, key_id, wrapped_key FROM artworks
		WHERE id > $1 AND key_id <> $2 ORDER BY id LIMIT $3`, after, keyID, limit)
	if err != nil {
		return nil, fmt.Errorf("list wrapped keys: %w", err)
	}
	return list, nil
}

// ReplaceKey replaces the wrapped key of an artwork if it is still the one in
// old; replaced is false when it is not, or the artwork is gone.
func (tx *Tx) ReplaceKey(ctx context.Context, artworkID string, old, new gallery.Seal) (replaced bool, err error) {
	n, err := tx.exec(ctx, `UPDATE artworks SET key_id = $2, wrapped_key = $3
		WHERE id = $1 AND key_id = $4 AND wrapped_key = $5`, artworkID,
		new.KeyID, hex.EncodeToString(new.WrappedKey), old.KeyID, hex.EncodeToString(old.WrappedKey))
	if err != nil {
		return false, fmt.Errorf("replace the wrapped key of artwork %s: %w", artworkID, err)
	}
	return n == 1, nil
}

func scanSealedKey(r row) (k SealedKey, err error) {
	var wrapped string
	if err = r.Scan(&k.ArtworkID, &k.Seal.KeyID, &wrapped); err != nil {
		return k, err
	}
	if k.Seal.WrappedKey, err = hex.DecodeString(wrapped); err != nil {
		return k, fmt.Errorf("wrapped key of artwork %s: %w", k.ArtworkID, err)
	}
	return k, nil
}
