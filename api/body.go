package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/problem"
)

const maxJSON = 64 << 10 // bytes of a JSON body (docs/protocol.md, "REST")

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

// readBody reads a JSON body within its limit of size; that of time is the
// node's. A body whose length is known to be too much is refused before a byte
// of it is read.
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
