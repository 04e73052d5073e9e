package vault

import (
	"fmt"

	"invisibleart.example/gallery"
)

// KeyID is the id of the master key that wraps, "" without one.
func (v *Vault) KeyID() string {
	if len(v.keys.ring) == 0 {
		return ""
	}
	return v.keys.ring[0].id
}

// Rewrap wraps the file key of a seal under the first master key, for a
// rotation: the sealed bytes stay as they are, and so does everything else
// that the row says about them. changed is false when the seal is under that
// key already. The old key may leave the ring once every row is re-wrapped.
func (v *Vault) Rewrap(artworkID string, s gallery.Seal) (_ gallery.Seal, changed bool, err error) {
	if id := v.KeyID(); id != "" && s.KeyID == id {
		return s, false, nil
	}
	fileKey, err := v.keys.unwrap(artworkID, s)
	if err != nil {
		return gallery.Seal{}, false, fmt.Errorf("re-wrap the key of artwork %s: %w", artworkID, err)
	}
	defer clear(fileKey)
	s.KeyID, s.WrappedKey, err = v.keys.wrap(artworkID, fileKey)
	if err != nil {
		return gallery.Seal{}, false, fmt.Errorf("re-wrap the key of artwork %s: %w", artworkID, err)
	}
	return s, true, nil
}
