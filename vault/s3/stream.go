package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// stream reads one stretch of an object in order: one request, and another for
// the rest whenever the connection is cut. It belongs to one goroutine.
type stream struct {
	object  *object
	at, end int64 // what is left to read

	body   io.ReadCloser // nil: no request is open
	cancel context.CancelFunc
}

// cuts is how often in a row a request may end without one byte.
const cuts = 3

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if s.at >= s.end {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.end-s.at)]
	var err error
	for range cuts {
		if s.body == nil {
			if err := s.begin(); err != nil {
				return 0, err
			}
		}
		var n int
		if n, err = s.body.Read(p); n > 0 {
			if s.at += int64(n); s.at == s.end {
				s.close()
			}
			return n, nil // what else was wrong, the next Read finds again
		}
		s.close()
		if s.object.ctx.Err() != nil {
			break
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // before its announced end
	}
	return 0, explain(s.object.ctx, err)
}

// begin sends the request for the stretch. The first of an object, which does
// not know its version yet, learns it and the size.
func (s *stream) begin() error {
	o := s.object
	var options minio.GetObjectOptions
	if err := options.SetRange(s.at, s.end-1); err != nil {
		return err
	}
	if o.etag != "" {
		if err := options.SetMatchETag(o.etag); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(o.ctx)
	// Only the answer's beginning has to come in time, with all attempts of the
	// library; what follows takes as long as the visitor does.
	silent := time.AfterFunc(o.bucket.patience, func() { cancel(errSilent) })
	body, info, header, err := o.bucket.core.GetObject(ctx, o.bucket.name, o.key, options)
	silent.Stop()
	if err == nil {
		if err = s.check(info, header); err != nil {
			body.Close()
		}
	} else if answer, _ := errors.AsType[minio.ErrorResponse](err); o.etag != "" || answer.Code != minio.InvalidRange {
		err = explainMissing(ctx, err)
	}
	if err != nil {
		cancel(nil)
		return err
	}
	s.body, s.cancel = body, func() { cancel(nil) }
	return nil
}

// check holds an answer against what was asked for: a store that leaves out the
// range or mixes up versions must not give a visitor one wrong byte.
func (s *stream) check(info minio.ObjectInfo, header http.Header) error {
	o := s.object
	var first, last, size int64
	said := header.Get("Content-Range")
	if _, err := fmt.Sscanf(strings.ToLower(said), "bytes %d-%d/%d", &first, &last, &size); err != nil {
		return fmt.Errorf("the store answers a range with Content-Range %q", said)
	}
	if o.etag == "" {
		if info.ETag == "" {
			return errors.New("the store gives its objects no ETag")
		}
		o.etag, o.size = info.ETag, size
	}
	if want := min(s.end, o.size) - 1; first != s.at || last != want || size != o.size {
		return fmt.Errorf("the store answers the range %d-%d/%d with %q", s.at, want, o.size, said)
	}
	if info.ETag != o.etag {
		return errors.New("the blob was replaced while it was read")
	}
	return nil
}

// close ends the request. What is unread of it is not waited for.
func (s *stream) close() {
	if s.body == nil {
		return
	}
	s.body.Close()
	s.cancel()
	s.body, s.cancel = nil, nil
}

// explainMissing is explain for requests about one object: that it is missing
// stays visible to isMissing.
func explainMissing(ctx context.Context, err error) error {
	if isMissing(err) {
		return err
	}
	return explain(ctx, err)
}
