package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/problem"
)

const (
	maxJSON  = 64 << 10         // bytes of a JSON body (docs/protocol.md, "REST")
	jsonTime = 15 * time.Second // for all of it to arrive
)

// body knows whether it was read to its end.
type body struct {
	io.ReadCloser
	ended bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err == io.EOF
	return n, err
}

// expect watches the body of a request, if it has one, and gives it the time
// that JSON is given: also the body that no action reads is read by net/http,
// which would wait for it as long as its client likes.
func expect(w http.ResponseWriter, r *http.Request) *body {
	b := &body{ReadCloser: r.Body, ended: r.ContentLength == 0}
	if !b.ended {
		r.Body = b
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(jsonTime)) // not every ResponseWriter can, in tests
	}
	return b
}

const (
	lingerBytes = 16 << 20        // read and dropped of a refused body
	lingerTime  = 2 * time.Second // at the most, whatever still comes
)

// refuse gives the answer while the client may still be sending, and the
// connection up after it. What comes meanwhile is read and dropped for a
// moment: closing on unread bytes makes the kernel send a reset, and that makes
// the client's forget the answer it has not read yet.
func (b *body) refuse(w http.ResponseWriter, answer func()) {
	w.Header().Set("Connection", "close")
	c := http.NewResponseController(w)
	_ = c.EnableFullDuplex() // else net/http reads on before it sends the answer, as slowly as its client likes
	answer()
	_ = c.Flush()
	_ = c.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, b.ReadCloser, lingerBytes) // a client that is gone has nothing to read
}

// readJSON reads the body as one JSON object and hands it to read, which takes
// its fields; what read did not ask for is refused. The error names every
// place where something is wrong.
func readJSON(w http.ResponseWriter, r *request, read func(fields)) error {
	text, err := readBody(w, r)
	if err != nil {
		return err
	}
	value, err := parseJSON(text)
	if err != nil {
		return err
	}
	var problems []gallery.FieldError
	if f, ok := objectAt(value, "", &problems); ok {
		read(f)
		f.done()
	}
	return refuse(problems)
}

// readBody reads a JSON body within its limits of size and time. A body whose
// length is known to be too much is refused before a byte of it is read.
func readBody(w http.ResponseWriter, r *request) ([]byte, error) {
	if err := wantType(r.Request, "application/json"); err != nil {
		return nil, err
	}
	if r.ContentLength > maxJSON {
		return nil, tooLarge(maxJSON)
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return nil, bodyError(err)
	}
	// Left standing, the deadline would end the request's context while the
	// handler still works.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return text, nil
}

func tooLarge(limit int64) error {
	return gallery.Errorf(gallery.TooLarge, "The body is larger than %d bytes.", limit)
}

// bodyError says what a failed read of a body means.
func bodyError(err error) error {
	if limit, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(limit.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return problem.Errorf(http.StatusRequestTimeout, "The body did not arrive in time.")
	}
	if gallery.CodeOf(err) != gallery.Internal {
		return err // one of ours came up through a reader
	}
	e := gallery.Errorf(gallery.Malformed, "The body ended before it was complete.")
	e.Err = err
	return e
}

// wantType refuses a body of another media type than the one that is read
// here. JSON in another charset than UTF-8 does not exist (RFC 8259, section
// 8.1), so that a charset that says otherwise is refused as well.
func wantType(r *http.Request, want string) error {
	values := r.Header.Values("Content-Type")
	if len(values) == 1 {
		got, params, err := mime.ParseMediaType(values[0])
		charset := params["charset"]
		if err == nil && got == want && (charset == "" || strings.EqualFold(charset, "utf-8")) && r.Header.Get("Content-Encoding") == "" {
			return nil
		}
	}
	return problem.Errorf(http.StatusUnsupportedMediaType, "The body must be sent as %s.", want)
}
