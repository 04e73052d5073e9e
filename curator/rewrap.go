package curator

import (
	"context"
	"errors"
	"fmt"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// rewrapRows is how many keys go into one transaction of a rotation: few enough
// that nobody who waits for a row notices.
const rewrapRows = 100

// Rewrap wraps the keys of all works under the master key that now wraps, the
// first of the ring, and returns how many rows it changed, also with an error.
// An operator's use case; progress, which may be nil, hears the count after
// each hundred. It touches no sealed bytes and may run beside nodes that serve,
// provided every one of them has the new key in its ring; an interrupted run is
// finished by another. A row whose key is not in the ring is passed over, and
// the error names it: the old master key must stay until Rewrap returns nil.
func (c *Curator) Rewrap(ctx context.Context, progress func(done int)) (n int, err error) {
	if c.config.Vault.KeyID() == "" {
		return 0, errors.New("re-wrap keys: there is no master key")
	}
	for {
		// From the beginning until nothing is left: a node that still wraps with
		// the old key may have hung a work behind this one's back.
		changed, err := c.rewrapOnce(ctx, func(rows int) {
			n += rows
			if progress != nil {
				progress(n)
			}
		})
		if err != nil || changed == 0 {
			return n, err
		}
	}
}

// rewrapOnce goes through all rows once.
func (c *Curator) rewrapOnce(ctx context.Context, done func(rows int)) (changed int, err error) {
	var after string
	var failed int
	var first error
	for {
		var keys []store.SealedKey
		err := c.read(ctx, func(tx *store.Tx) (err error) {
			keys, err = tx.KeysNotUnder(ctx, c.config.Vault.KeyID(), after, rewrapRows)
			return err
		})
		if err != nil {
			return changed, err
		}
		if len(keys) == 0 {
			break
		}
		after = keys[len(keys)-1].ArtworkID
		fresh := make([]gallery.Seal, len(keys))
		for i, k := range keys {
			seal, again, err := c.config.Vault.Rewrap(k.ArtworkID, k.Seal)
			if err != nil {
				if failed++; first == nil {
					first = err
				}
			}
			if again {
				fresh[i] = seal
			}
		}
		rows, err := c.replaceKeys(ctx, keys, fresh)
		if err != nil {
			return changed, err
		}
		changed += rows
		done(rows)
	}
	if failed > 0 && changed == 0 {
		return 0, fmt.Errorf("%d works keep their old key; the first: %w", failed, first)
	}
	return changed, nil
}

// replaceKeys writes one batch; where fresh has no key, none was made.
func (c *Curator) replaceKeys(ctx context.Context, keys []store.SealedKey, fresh []gallery.Seal) (rows int, err error) {
	err = c.config.DB.Write(ctx, func(tx *store.Tx) error {
		rows = 0
		for i, k := range keys {
			if fresh[i].KeyID == "" {
				continue
			}
			replaced, err := tx.ReplaceKey(ctx, k.ArtworkID, k.Seal, fresh[i])
			if err != nil {
				return err
			}
			if replaced {
				rows++
			}
		}
		return nil
	})
	return rows, err
}
