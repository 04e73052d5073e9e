package vault

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"time"
)

// Blobs stores sealed bytes under names. Names are 1 to 128 characters of
// a–z, 0–9, ".", "-" and "_", beginning with a letter or a digit. All methods
// are safe for concurrent use. The package blobtest holds every
// implementation to this page.
type Blobs interface {
	// Create begins a blob. Nothing is visible under name before Commit, which
	// replaces what was there. ctx must stay alive until Commit or Abort.
	Create(ctx context.Context, name string) (BlobWriter, error)

	// Open opens a committed blob, or returns a *gallery.Error NotFound, or
	// Unavailable when the store is out of reach, as any method may. ctx
	// must stay alive for as long as the blob is read. What was opened stays
	// readable when it is replaced or removed meanwhile, or gives an error;
	// never a mixture.
	Open(ctx context.Context, name string) (Blob, error)

	// Remove removes a blob. That there is none is fine.
	Remove(ctx context.Context, name string) error

	// Names calls each for every committed blob, in no particular order, with
	// the time of its Commit, or of its beginning where the store dates a large
	// blob by that. An error from each ends it and is returned. each
	// may remove blobs.
	Names(ctx context.Context, each func(name string, modified time.Time) error) error
}

// BlobWriter is a blob being written, by one goroutine. One of Commit and
// Abort must be called.
type BlobWriter interface {
	io.Writer

	// Commit makes the blob durable and visible, in this order: after it
	// returned nil the blob survives a loss of power. After an error, of it or
	// of any Write, nothing is visible and nothing is left.
	Commit() error

	// Abort drops what was written. After Commit it does nothing.
	Abort() error
}

// Blob is an opened blob. ReadAt is safe for concurrent use.
type Blob interface {
	io.ReaderAt
	io.Closer
	Size() int64 // in bytes
}

var blobName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,127}$`)

// CheckName refuses what cannot name a blob, and a context that has ended: how
// every method of every implementation begins.
func CheckName(ctx context.Context, name string) error {
	if !ValidName(name) {
		return fmt.Errorf("%q cannot name a blob", name)
	}
	return ctx.Err()
}

// ValidName tells whether name can name a blob. What a store lists under
// another name is not a blob of ours.
func ValidName(name string) bool { return blobName.MatchString(name) }
