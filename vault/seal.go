package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"filippo.io/age"

	"invisibleart.example/gallery"
)

// Sealing is a work that is sealed but not yet kept. One of Commit and Abort
// must be called; Abort after Commit does nothing, so it may be deferred.
type Sealing struct {
	Seal gallery.Seal // what the artwork's row has to hold
	blob BlobWriter
}

// Commit makes the sealed work durable. The row that holds the Seal is written
// after it: a row without its work would be a promise that cannot be kept, a
// work without a row is an orphan that [Vault.Orphans] collects.
func (s *Sealing) Commit() error {
	if err := s.blob.Commit(); err != nil {
		return fmt.Errorf("keep the sealed work: %w", err)
	}
	return nil
}

// Abort drops the sealed work.
func (s *Sealing) Abort() error { return s.blob.Abort() }

// Seal encrypts content for an artwork while reading it to its end, and keeps
// nothing until [Sealing.Commit]. Hand it what [Inspect] returned: errors of
// content come back in the chain of the error (TooLarge, Invalid …), a vault
// without room is Unavailable. After an error nothing is left behind.
func (v *Vault) Seal(ctx context.Context, artworkID string, content io.Reader) (sealing *Sealing, err error) {
	name, err := sealedName(artworkID)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	blob, err := v.blobs.Create(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("seal artwork %s: %w", artworkID, err)
	}
	defer func() {
		if err != nil {
			blob.Abort()
			err = fmt.Errorf("seal artwork %s: %w", artworkID, err)
		}
	}()

	wrapping := &rowRecipient{keys: v.keys, artworkID: artworkID}
	plain, err := age.Encrypt(blob, wrapping)
	if err != nil {
		return nil, err
	}
	// The commitment is computed from the very bytes that are sealed, so it can
	// never be that of another content.
	salt := newSalt()
	commitment := sha256.New()
	commitment.Write(salt)
	size, err := io.Copy(io.MultiWriter(commitment, plain), &patient{ctx, content})
	if err != nil {
		return nil, err
	}
	if err := plain.Close(); err != nil {
		return nil, err
	}
	return &Sealing{blob: blob, Seal: gallery.Seal{
		Commitment: hex.EncodeToString(commitment.Sum(nil)),
		Salt:       hex.EncodeToString(salt),
		Size:       size,
		KeyID:      wrapping.keyID,
		WrappedKey: wrapping.wrapped,
	}}, nil
}

// patient is a reader that gives up when its context ends.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// rowRecipient takes the file key that age made, wraps it for the artwork's
// row, and puts a stanza into the header that says only where the key is.
type rowRecipient struct {
	keys      Keys
	artworkID string

	keyID   string // set by Wrap
	wrapped []byte
}

// Wrap implements age.Recipient.
func (r *rowRecipient) Wrap(fileKey []byte) (_ []*age.Stanza, err error) {
	r.keyID, r.wrapped, err = r.keys.wrap(r.artworkID, fileKey)
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: "invisible-art-gallery-row"}}, nil
}
