package vault

import (
	"context"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"invisibleart.example/gallery"
)

// Content is an opened work or placeholder: plaintext that can be read from
// any offset. ReadAt is safe for concurrent use; Read and Seek share one
// position and are not. Close it after use.
type Content struct {
	section *io.SectionReader
	blob    io.Closer
}

// Read implements io.Reader. It returns authenticated bytes or an error.
func (c *Content) Read(p []byte) (int, error) { return c.section.Read(p) }

// ReadAt implements io.ReaderAt.
func (c *Content) ReadAt(p []byte, off int64) (int, error) { return c.section.ReadAt(p, off) }

// Seek implements io.Seeker.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	return c.section.Seek(offset, whence)
}

// Size is the length in bytes.
func (c *Content) Size() int64 { return c.section.Size() }

// Close releases the blob. Reading afterwards gives an error.
func (c *Content) Close() error { return c.blob.Close() }

// Open opens a sealed work with the seal of its row. It authenticates the
// first and the last chunk before it returns, so a missing key, an exchanged
// file or seal, a truncated or lengthened work are errors here; damage in the
// middle is one when it is read. All of these are Internal: there should be a
// work, and there is none to show; a store out of reach is Unavailable. ctx must
// stay alive while Content is read.
func (v *Vault) Open(ctx context.Context, artworkID string, s gallery.Seal) (_ *Content, err error) {
	name, err := sealedName(artworkID)
	if err != nil {
		return nil, damaged(artworkID, err)
	}
	fileKey, err := v.keys.unwrap(artworkID, s)
	if err != nil {
		return nil, damaged(artworkID, err)
	}
	defer clear(fileKey)
	blob, err := v.blobs.Open(ctx, name)
	if err != nil {
		return nil, damaged(artworkID, err)
	}
	defer func() {
		if err != nil {
			blob.Close()
		}
	}()

	plain, size, err := age.DecryptReaderAt(blob, blob.Size(), age.NewInjectedFileKeyIdentity(fileKey))
	if err != nil {
		return nil, damaged(artworkID, err)
	}
	if size != s.Size {
		return nil, damaged(artworkID, fmt.Errorf("it holds %d bytes, its row says %d", size, s.Size))
	}
	// The last chunk was authenticated to learn the size; one byte of the first
	// authenticates that one.
	if size > 0 {
		if _, err := plain.ReadAt(make([]byte, 1), 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, damaged(artworkID, err)
		}
	}
	return &Content{section: io.NewSectionReader(unsealed{plain, artworkID}, 0, size), blob: blob}, nil
}

// unsealed gives the errors of a damaged chunk the form of all errors.
type unsealed struct {
	plain     io.ReaderAt
	artworkID string
}

func (u unsealed) ReadAt(p []byte, off int64) (int, error) {
	n, err := u.plain.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(u.artworkID, err)
	}
	return n, err
}
