package vault

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"invisibleart.example/gallery"
)

// Vault seals and opens works. All methods are safe for concurrent use. An
// artwork id is expected in its canonical spelling: it names the blob and is
// bound into the seal, so another spelling would not find the work again.
type Vault struct {
	blobs Blobs
	keys  Keys
}

// New returns a vault that keeps its blobs in blobs and wraps keys with keys.
// Without any key it stores and opens placeholders only.
func New(blobs Blobs, keys Keys) *Vault { return &Vault{blobs: blobs, keys: keys} }

// A work's blob is named after its id, the placeholder's has a suffix.
var (
	artworkName     = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	placeholderName = regexp.MustCompile(`^([0-9a-f-]{36})\.placeholder$`)
)

// sealedName is the name of a work's blob.
func sealedName(artworkID string) (string, error) {
	if !artworkName.MatchString(artworkID) {
		return "", fmt.Errorf("%q is not an artwork id in its canonical spelling", artworkID)
	}
	return artworkID, nil
}

// besideName is the name of the blob of a work's placeholder.
func besideName(artworkID string) (string, error) {
	name, err := sealedName(artworkID)
	return name + ".placeholder", err
}

// artworkOf tells which artwork a blob belongs to; ok is false for blobs that
// are not the vault's.
func artworkOf(blobName string) (artworkID string, ok bool) {
	if m := placeholderName.FindStringSubmatch(blobName); m != nil {
		blobName = m[1]
	}
	return blobName, artworkName.MatchString(blobName)
}

// Remove removes a work and its placeholder for good. That there is nothing is
// fine: a removal that was interrupted can be repeated.
func (v *Vault) Remove(ctx context.Context, artworkID string) error {
	sealed, err := sealedName(artworkID)
	if err != nil {
		return err
	}
	beside, err := besideName(artworkID)
	if err != nil {
		return err
	}
	if err := errors.Join(v.blobs.Remove(ctx, sealed), v.blobs.Remove(ctx, beside)); err != nil {
		return fmt.Errorf("remove artwork %s from the vault: %w", artworkID, err)
	}
	return nil
}

// orphanBatch is how many artworks one question about orphans names.
const orphanBatch = 100

// Orphans removes the blobs of artworks that nobody knows: what a crash
// between [Sealing.Commit] and the row's commit leaves behind. Only blobs
// committed before olderThan are looked at, so that an upload under way is
// safe; known tells which of the given ids have a row. It returns how many
// blobs it removed, also when it ends with an error.
func (v *Vault) Orphans(ctx context.Context, olderThan time.Time, known func(ctx context.Context, artworkIDs []string) (map[string]bool, error)) (removed int, err error) {
	var names, ids []string
	collect := func() error {
		if len(names) == 0 {
			return nil
		}
		rows, err := known(ctx, ids)
		if err != nil {
			return fmt.Errorf("ask which artworks are known: %w", err)
		}
		for i, name := range names {
			if rows[ids[i]] {
				continue
			}
			if err := v.blobs.Remove(ctx, name); err != nil {
				return fmt.Errorf("remove %s: %w", name, err)
			}
			removed++
		}
		names, ids = names[:0], ids[:0]
		return nil
	}
	err = v.blobs.Names(ctx, func(name string, modified time.Time) error {
		id, ours := artworkOf(name)
		if !ours || !modified.Before(olderThan) {
			return nil
		}
		names, ids = append(names, name), append(ids, id)
		if len(names) < orphanBatch {
			return nil
		}
		return collect()
	})
	if err == nil {
		err = collect()
	}
	if err != nil {
		return removed, fmt.Errorf("collect orphans in the vault: %w", err)
	}
	return removed, nil
}

// damaged is the answer to a work that is there and cannot be opened. What is
// wrong with it stays in the log. A store that is out of reach says nothing
// about the work, and stays Unavailable.
func damaged(artworkID string, cause error) error {
	if gallery.CodeOf(cause) == gallery.Unavailable {
		return fmt.Errorf("open artwork %s: %w", artworkID, cause)
	}
	return &gallery.Error{
		Code:    gallery.Internal,
		Message: "The sealed work cannot be opened.",
		Err:     fmt.Errorf("open artwork %s: %w", artworkID, cause),
	}
}
