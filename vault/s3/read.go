package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/minio/minio-go/v7"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/vault"
)

// edge is how much of a blob's beginning and end are fetched in one piece and
// kept while it is open. In a sealed work the first holds the header and the
// first chunk (65,552 bytes), the last the last chunk: what vault.Open has to
// authenticate before anybody sees a byte.
const edge = 68 << 10

// Open implements vault.Blobs. One request fetches the blob's beginning, and
// with it its length and the version that everything else is read of.
func (b *Bucket) Open(ctx context.Context, name string) (vault.Blob, error) {
	if err := vault.CheckName(ctx, name); err != nil {
		return nil, err
	}
	o := &object{bucket: b, key: b.key(name), idle: make(chan *stream, 1)}
	o.ctx, o.cancel = context.WithCancelCause(ctx)
	if err := o.open(); err != nil {
		o.cancel(os.ErrClosed)
		if isMissing(err) {
			return nil, &gallery.Error{Code: gallery.NotFound, Message: "There is no such file in the vault.", Err: err}
		}
		return nil, fmt.Errorf("open blob %s: %w", name, err)
	}
	return o, nil
}

// object is an opened blob: one version of one object.
type object struct {
	bucket *Bucket
	ctx    context.Context
	cancel context.CancelCauseFunc
	key    string
	etag   string
	size   int64

	head []byte                // the first bytes, at most edge
	tail atomic.Pointer[piece] // the last bytes, once they were asked for

	// idle holds the stream that goes on where the last reader stopped, and is
	// empty while somebody reads from it.
	idle chan *stream
}

// piece is a part of a blob in memory, from an offset on.
type piece struct {
	at    int64
	bytes []byte
}

// open fetches the head.
func (o *object) open() error {
	first := &stream{object: o, end: edge}
	if err := first.begin(); err != nil {
		if answer, _ := errors.AsType[minio.ErrorResponse](err); answer.Code != minio.InvalidRange {
			return err
		}
		// Nothing begins at the first byte of an empty object.
		info, err := o.bucket.core.StatObject(o.ctx, o.bucket.name, o.key, minio.StatObjectOptions{})
		if err != nil {
			return explainMissing(o.ctx, err)
		}
		if info.Size > 0 {
			return errors.New("the blob was replaced while it was opened")
		}
		o.idle <- &stream{object: o}
		return nil
	}
	defer first.close()
	o.head = make([]byte, min(edge, o.size))
	first.end = int64(len(o.head))
	if _, err := io.ReadFull(first, o.head); err != nil {
		return err
	}
	o.idle <- &stream{object: o}
	return nil
}

// Size implements vault.Blob.
func (o *object) Size() int64 { return o.size }

// Close implements vault.Blob. Whoever still reads gets an error.
func (o *object) Close() error {
	o.cancel(os.ErrClosed)
	select {
	case s := <-o.idle:
		s.close()
	default:
	}
	return nil
}

// ReadAt implements io.ReaderAt: from memory at the edges, from the stream that
// is already at off, or from a new request.
func (o *object) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("read blob: negative offset")
	}
	if cause := context.Cause(o.ctx); cause != nil {
		return 0, cause
	}
	for n < len(p) && off < o.size {
		m, err := o.readSome(p[n:], off)
		n, off = n+m, off+int64(m)
		if err != nil {
			return n, fmt.Errorf("read blob at %d: %w", off, err)
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readSome reads from one of the sources that hold the byte at off.
func (o *object) readSome(p []byte, off int64) (int, error) {
	if off < int64(len(o.head)) {
		return copy(p, o.head[off:]), nil
	}
	tail := o.tail.Load()
	end := o.size
	if tail != nil {
		if off >= tail.at {
			return copy(p, tail.bytes[off-tail.at:]), nil
		}
		// Read to where memory goes on, a request ends by itself, and its
		// connection serves again.
		end = tail.at
	}
	p = p[:min(int64(len(p)), end-off)]
	select {
	case s := <-o.idle:
		defer func() {
			if o.ctx.Err() != nil {
				s.close() // Close did not find it
			}
			o.idle <- s
		}()
		if s.body == nil || s.at != off {
			if tail == nil && o.size-off <= edge {
				return o.readTail(p, off)
			}
			s.close()
			s.at, s.end = off, end
		}
		return io.ReadFull(s, p)
	default:
		// Somebody else reads on; this is a request of its own, for no more than
		// is asked.
		s := &stream{object: o, at: off, end: off + int64(len(p))}
		defer s.close()
		return io.ReadFull(s, p)
	}
}

// readTail fetches the blob's end, from off on, keeps it, and reads from it.
func (o *object) readTail(p []byte, off int64) (int, error) {
	s := &stream{object: o, at: off, end: o.size}
	defer s.close()
	tail := &piece{at: off, bytes: make([]byte, o.size-off)}
	if _, err := io.ReadFull(s, tail.bytes); err != nil {
		return 0, err
	}
	o.tail.Store(tail)
	return copy(p, tail.bytes), nil
}
