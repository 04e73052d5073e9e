package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Options is what the URL of a bucket does not say.
type Options struct {
	AccessKey, SecretKey string // required
	SessionToken         string // of temporary credentials

	Log      *slog.Logger     // nil: nothing is logged
	Now      func() time.Time // nil: time.Now; tells which unfinished uploads are old
	Patience time.Duration    // how long the store may be silent before it counts as away; 0: 10 s
	TLS      *tls.Config      // for https; nil: the system's authorities
}

// Bucket is a part of an S3 bucket: the objects below a prefix. It implements
// vault.Blobs, and is safe for concurrent use.
type Bucket struct {
	core      *minio.Core
	transport *http.Transport
	name      string
	prefix    string // of the keys, "" or with a "/" at its end
	secure    bool
	patience  time.Duration
}

// abandonedAfter is how old an unfinished upload must be to be removed: it may
// be another node's that is still under way.
const abandonedAfter = 24 * time.Hour

// Open opens the bucket at url, in the form that the package's page gives, and
// removes unfinished uploads that are older than 24 hours. The error says what
// is wrong, such as a bucket that is missing or credentials that do not fit,
// without quoting a secret; it is gallery.Unavailable when the store is out of
// reach. Close the bucket after use.
func Open(ctx context.Context, url string, o Options) (*Bucket, error) {
	at, err := parse(url)
	if err != nil {
		return nil, err
	}
	if o.AccessKey == "" || o.SecretKey == "" {
		return nil, fmt.Errorf("the bucket %s needs an access key and a secret key", at.bucket)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Patience <= 0 {
		o.Patience = 10 * time.Second
	}
	transport := newTransport(o.Patience, o.TLS)
	core, err := minio.NewCore(at.host, &minio.Options{
		Creds:        credentials.NewStaticV4(o.AccessKey, o.SecretKey, o.SessionToken),
		Secure:       at.secure,
		Region:       at.region,
		BucketLookup: at.lookup,
		Transport:    transport,
		MaxRetries:   3, // of the library's own 10 a visitor would wait for half a minute
	})
	if err != nil {
		return nil, fmt.Errorf("the endpoint of the bucket %s: %w", at.bucket, err)
	}
	b := &Bucket{
		core: core, transport: transport, name: at.bucket, prefix: at.prefix,
		secure: at.secure, patience: o.Patience,
	}
	if err := b.check(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("open the bucket %s at %s: %w", at.bucket, at.host, err)
	}
	if err := b.removeAbandoned(ctx, o.Now().Add(-abandonedAfter)); err != nil {
		// Without the right to list them the gallery works as well; a lifecycle
		// rule of the bucket may do it instead.
		o.Log.WarnContext(ctx, "cannot remove abandoned uploads", "bucket", at.bucket, "error", err)
	}
	return b, nil
}

// Close lets go of idle connections. Opened blobs stay readable.
func (b *Bucket) Close() error {
	b.transport.CloseIdleConnections()
	return nil
}

// check asks for one name. Unlike asking for the bucket (HEAD), a listing that
// is refused says why, and the right to list is needed anyway.
func (b *Bucket) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 3*b.patience, errSilent)
	defer cancel()
	for object := range b.core.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix, MaxKeys: 1}) {
		return explain(ctx, object.Err)
	}
	// The iterator says nothing when its context has ended.
	return explain(ctx, context.Cause(ctx))
}

// removeAbandoned removes the unfinished uploads that were begun before a time.
func (b *Bucket) removeAbandoned(ctx context.Context, before time.Time) error {
	var failed error
	for key, upload := "", ""; ; {
		page, err := b.core.ListMultipartUploads(ctx, b.name, b.prefix, key, upload, "/", 1000)
		if err != nil {
			return errors.Join(failed, explain(ctx, err))
		}
		for _, u := range page.Uploads {
			if _, ours := b.nameOf(u.Key); !ours || !u.Initiated.Before(before) {
				continue
			}
			if err := b.core.AbortMultipartUpload(ctx, b.name, u.Key, u.UploadID); err != nil && !isMissing(err) {
				failed = errors.Join(failed, explain(ctx, err))
			}
		}
		if !page.IsTruncated {
			return failed
		}
		key, upload = page.NextKeyMarker, page.NextUploadIDMarker
	}
}
