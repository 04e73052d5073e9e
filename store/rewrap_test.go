package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// TestReplaceKey goes through the keys of a rotation in pages, and replaces
// those that nobody else has replaced meanwhile.
func (s suite) TestReplaceKey(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	for n := 1; n <= 7; n++ {
		a := artwork(n, 1)
		a.Seal.KeyID = []string{"k1", "k2"}[n/6] // 6 and 7 are under k2 already
		a.Seal.WrappedKey = []byte{byte(n), 0, 255}
		addArtworks(t, db, a)
	}
	page := func(after string, limit int) []store.SealedKey {
		return fetch(t, db, func(ctx context.Context, tx *store.Tx) ([]store.SealedKey, error) {
			return tx.KeysNotUnder(ctx, "k2", after, limit)
		})
	}
	var got []string
	for after := ""; ; {
		keys := page(after, 2)
		if len(keys) == 0 {
			break
		}
		for _, k := range keys {
			got = append(got, fmt.Sprint(k.ArtworkID, k.Seal.KeyID, k.Seal.WrappedKey))
			after = k.ArtworkID
		}
	}
	var want []string
	for n := 1; n <= 5; n++ {
		want = append(want, fmt.Sprint(id(n), "k1", []byte{byte(n), 0, 255}))
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys not under k2:\ngot  %v\nwant %v", got, want)
	}

	fresh := gallery.Seal{KeyID: "k2", WrappedKey: []byte("fresh")}
	for _, test := range []struct {
		name, id string
		old      gallery.Seal
		want     bool
	}{
		{"another key by then", id(1), gallery.Seal{KeyID: "k0", WrappedKey: []byte{1, 0, 255}}, false},
		{"another wrapping by then", id(1), gallery.Seal{KeyID: "k1", WrappedKey: []byte{2, 0, 255}}, false},
		{"as it was read", id(1), gallery.Seal{KeyID: "k1", WrappedKey: []byte{1, 0, 255}}, true},
		{"a second time", id(1), gallery.Seal{KeyID: "k1", WrappedKey: []byte{1, 0, 255}}, false},
		{"gone", id(99), gallery.Seal{KeyID: "k1", WrappedKey: []byte{1, 0, 255}}, false},
	} {
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			replaced, err := tx.ReplaceKey(ctx, test.id, test.old, fresh)
			if replaced != test.want {
				t.Errorf("%s: got replaced %v, want %v", test.name, replaced, test.want)
			}
			return err
		})
	}
	after := fetch(t, db, func(ctx context.Context, tx *store.Tx) (gallery.Artwork, error) { return tx.Artwork(ctx, id(1)) })
	before := artwork(1, 1)
	if after.Seal.KeyID != "k2" || string(after.Seal.WrappedKey) != "fresh" || after.Seal.Commitment != before.Seal.Commitment || !after.UpdatedAt.Equal(before.UpdatedAt) {
		t.Errorf("after the replacement: got %+v, want only its key changed", after)
	}
	if left := page("", 9); len(left) != 4 {
		t.Errorf("%d keys left, want 4", len(left))
	}
}
