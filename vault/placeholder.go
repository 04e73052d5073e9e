package vault

import (
	"context"
	"fmt"
	"io"
)

// PutPlaceholder stores the artist's own placeholder picture of an artwork as
// it is: it is public from the start. It is durable when PutPlaceholder
// returns; an earlier one is replaced. Errors are those of [Vault.Seal].
func (v *Vault) PutPlaceholder(ctx context.Context, artworkID string, picture io.Reader) error {
	name, err := besideName(artworkID)
	if err != nil {
		return fmt.Errorf("store a placeholder: %w", err)
	}
	blob, err := v.blobs.Create(ctx, name)
	if err != nil {
		return fmt.Errorf("store the placeholder of artwork %s: %w", artworkID, err)
	}
	defer blob.Abort()
	if _, err := io.Copy(blob, &patient{ctx, picture}); err != nil {
		return fmt.Errorf("store the placeholder of artwork %s: %w", artworkID, err)
	}
	if err := blob.Commit(); err != nil {
		return fmt.Errorf("store the placeholder of artwork %s: %w", artworkID, err)
	}
	return nil
}

// OpenPlaceholder opens the placeholder picture of an artwork. It returns a
// *gallery.Error NotFound when the artwork has none. ctx must stay alive while
// Content is read.
func (v *Vault) OpenPlaceholder(ctx context.Context, artworkID string) (*Content, error) {
	name, err := besideName(artworkID)
	if err != nil {
		return nil, fmt.Errorf("open a placeholder: %w", err)
	}
	blob, err := v.blobs.Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open the placeholder of artwork %s: %w", artworkID, err)
	}
	return &Content{section: io.NewSectionReader(blob, 0, blob.Size()), blob: blob}, nil
}
