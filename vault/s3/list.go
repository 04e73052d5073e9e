package s3

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"invisibleart.example/gallery/vault"
)

// key is the key of the object that holds a blob.
func (b *Bucket) key(name string) string { return b.prefix + name }

// nameOf is the name of the blob in an object; ok is false for objects that are
// not ours.
func (b *Bucket) nameOf(key string) (name string, ok bool) {
	name, ok = strings.CutPrefix(key, b.prefix)
	return name, ok && vault.ValidName(name)
}

// Remove implements vault.Blobs.
func (b *Bucket) Remove(ctx context.Context, name string) error {
	if err := vault.CheckName(ctx, name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, b.patience, errSilent)
	defer cancel()
	err := b.core.RemoveObject(ctx, b.name, b.key(name), minio.RemoveObjectOptions{})
	if err != nil && !isMissing(err) { // not an error to Amazon, but to some
		return fmt.Errorf("remove blob: %w", explain(ctx, err))
	}
	return nil
}

// Names implements vault.Blobs, a thousand names a request. Amazon dates a blob
// of several parts by the beginning of its upload.
func (b *Bucket) Names(ctx context.Context, each func(name string, modified time.Time) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for object := range b.core.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix}) {
		if object.Err != nil {
			return fmt.Errorf("list blobs: %w", explain(ctx, object.Err))
		}
		name, ours := b.nameOf(object.Key)
		if !ours {
			continue
		}
		if err := each(name, object.LastModified); err != nil {
			return err
		}
	}
	return ctx.Err() // the listing just ends with its context
}
