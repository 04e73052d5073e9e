package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"

	"invisibleart.example/gallery/vault"
)

// partSize is how much of a blob is in memory while it goes up. S3 wants 5 MiB
// at least for every part but the last, and takes 10,000 of them.
const partSize = 8 << 20

// Create implements vault.Blobs. Nothing is asked of the store before a part is
// full or the blob is committed.
func (b *Bucket) Create(ctx context.Context, name string) (vault.BlobWriter, error) {
	if err := vault.CheckName(ctx, name); err != nil {
		return nil, err
	}
	return &writer{ctx: ctx, bucket: b, key: b.key(name)}, nil
}

// writer collects a part, sends it, collects the next.
type writer struct {
	ctx    context.Context
	bucket *Bucket
	key    string

	part     []byte
	upload   string // id of the multipart upload, "" before there is one
	parts    []minio.CompletePart
	finished bool
	err      error // why it is finished, nil after Commit and Abort
}

var errFinished = errors.New("the blob is finished")

// Write implements io.Writer.
func (w *writer) Write(p []byte) (n int, err error) {
	if w.finished {
		return 0, w.ended()
	}
	for len(p) > 0 {
		// Sent when more comes, not when it is full: a blob of exactly one part
		// needs one request instead of three.
		if len(w.part) == partSize {
			if err := w.sendPart(); err != nil {
				return n, w.fail("write blob", err)
			}
		}
		fits := min(len(p), partSize-len(w.part))
		w.grow(fits)
		w.part = append(w.part, p[:fits]...)
		p, n = p[fits:], n+fits
	}
	return n, nil
}

// grow makes room for n more bytes by doubling, so that a small picture does not
// cost 8 MiB, and never beyond one part.
func (w *writer) grow(n int) {
	if need := len(w.part) + n; need > cap(w.part) {
		larger := make([]byte, len(w.part), min(partSize, max(64<<10, need, 2*cap(w.part))))
		copy(larger, w.part)
		w.part = larger
	}
}

// sendPart sends what is collected as the next part of a multipart upload, and
// begins one if need be.
func (w *writer) sendPart() (err error) {
	core, bucket := w.bucket.core, w.bucket.name
	if w.upload == "" {
		if w.upload, err = core.NewMultipartUpload(w.ctx, bucket, w.key, minio.PutObjectOptions{}); err != nil {
			return err
		}
	}
	part, err := core.PutObjectPart(w.ctx, bucket, w.key, w.upload, len(w.parts)+1,
		bytes.NewReader(w.part), int64(len(w.part)), minio.PutObjectPartOptions{Sha256Hex: w.sum()})
	if err != nil {
		return err
	}
	w.parts = append(w.parts, minio.CompletePart{PartNumber: part.PartNumber, ETag: part.ETag})
	w.part = w.part[:0]
	return nil
}

// sum is the checksum that the store holds a part against. Over http the library
// signs chunk by chunk instead, which says the same.
func (w *writer) sum() string {
	if !w.bucket.secure {
		return ""
	}
	sum := sha256.Sum256(w.part)
	return hex.EncodeToString(sum[:])
}

// Commit implements vault.BlobWriter. The store has the blob on its disks when
// it says so.
func (w *writer) Commit() error {
	if w.finished {
		return w.ended()
	}
	if err := w.commit(); err != nil {
		return w.fail("commit blob", err)
	}
	w.finish(nil)
	return nil
}

func (w *writer) commit() error {
	core, bucket := w.bucket.core, w.bucket.name
	if w.upload == "" {
		_, err := core.PutObject(w.ctx, bucket, w.key, bytes.NewReader(w.part), int64(len(w.part)), "", w.sum(), minio.PutObjectOptions{})
		return err
	}
	if err := w.sendPart(); err != nil {
		return err
	}
	_, err := core.CompleteMultipartUpload(w.ctx, bucket, w.key, w.upload, w.parts, minio.PutObjectOptions{})
	return err
}

// Abort implements vault.BlobWriter.
func (w *writer) Abort() error {
	if w.finished {
		return nil
	}
	w.finish(nil)
	if err := w.undo(nil); err != nil {
		return fmt.Errorf("drop unfinished blob: %w", err)
	}
	return nil
}

// fail ends the writing for an error and leaves nothing behind.
func (w *writer) fail(doing string, cause error) error {
	err := fmt.Errorf("%s: %w", doing, explain(w.ctx, cause))
	w.finish(err)
	// What cannot be undone now, because the store is away, is an upload that
	// Open removes a day later, or an orphan of the vault.
	_ = w.undo(cause)
	return err
}

// undo takes back what the store may have: the parts, and after a commit whose
// answer was lost the blob itself. Its names are those of one artwork and used
// once, so that no other blob can be meant.
func (w *writer) undo(cause error) error {
	// The visitor who hung up is the usual reason to be here.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(w.ctx), w.bucket.patience, errSilent)
	defer cancel()
	if w.upload != "" {
		err := w.bucket.core.AbortMultipartUpload(ctx, w.bucket.name, w.key, w.upload)
		if !isMissing(err) {
			return explain(ctx, err)
		}
		// Unknown means completed: that was the answer which was lost.
	} else if cause == nil || isRefused(cause) {
		return nil
	}
	return explain(ctx, w.bucket.core.RemoveObject(ctx, w.bucket.name, w.key, minio.RemoveObjectOptions{}))
}

func (w *writer) finish(err error) {
	w.finished, w.err, w.part = true, err, nil
}

func (w *writer) ended() error {
	if w.err != nil {
		return w.err
	}
	return errFinished
}
