// Package problem turns errors into RFC 9457 answers: one function for every
// edge of the gallery that speaks HTTP, so that a refusal looks the same
// whether the API, a page or a WebSocket handshake says it.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"invisibleart.example/gallery"
)

// ContentType is the media type of a problem (RFC 9457, section 3).
const ContentType = "application/problem+json"

// Document is the body of an answer that refuses.
type Document struct {
	Type   string               `json:"type"` // the place in the documentation that explains it
	Title  string               `json:"title"`
	Status int                  `json:"status"`
	Detail string               `json:"detail"`
	Errors []gallery.FieldError `json:"errors,omitempty"` // for 422: what is wrong where
}

// Write answers r with what err says, and with nothing that err does not say
// to people: the text of an unknown error stays in the log, where it is written
// once. log may be nil. It must be called before anything of the body is
// written; headers that spoke of another body are taken back.
func Write(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) {
	Report(log, r, err)
	status := Status(err)
	kind := kindOf(status)
	d := Document{Type: kind.Type(), Title: kind.Title, Status: status, Detail: kind.Meaning}
	if e, ok := errors.AsType[*gallery.Error](err); ok {
		if e.Code != gallery.Internal && e.Message != "" {
			d.Detail = e.Message
		}
		d.Errors = e.Fields
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", RetryAfter(e.RetryAfter))
		}
	}
	write(w, d)
}

// Report writes to the log what the answer to r does not say: an unknown error,
// and why the gallery cannot do now what it usually can (the disk is full, the
// store is locked). Write does it; it is for answers that are no problem
// document. log may be nil.
func Report(log *slog.Logger, r *http.Request, err error) {
	if log == nil || gone(r, err) {
		return
	}
	switch Status(err) {
	case http.StatusInternalServerError:
		log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	case http.StatusServiceUnavailable:
		if e, ok := errors.AsType[*gallery.Error](err); ok && e.Err != nil {
			log.WarnContext(r.Context(), "request cannot be served now", "method", r.Method, "path", r.URL.Path, "error", err)
		}
	}
}

// WriteStatus answers with a status that has no error behind it, such as 405
// or 421. detail is for people; empty, it is the general meaning of the status.
func WriteStatus(w http.ResponseWriter, r *http.Request, status int, detail string) {
	Write(w, r, Errorf(status, "%s", detail), nil)
}

func write(w http.ResponseWriter, d Document) {
	h := w.Header()
	// Whatever was prepared for the body that is not coming would be a lie
	// about this one, and a cache would believe it.
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Etag", "Last-Modified", "Accept-Ranges"} {
		h.Del(name)
	}
	if d.Status != http.StatusRequestedRangeNotSatisfiable { // which says there how long the content is
		h.Del("Content-Range")
	}
	h.Set("Content-Type", ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if d.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="gallery"`) // RFC 9110, section 11.6.1: a 401 must carry one
	}
	body, err := json.Marshal(d)
	if err != nil { // cannot happen: the document is text and numbers
		body = []byte(`{"status":500}`)
	}
	w.WriteHeader(d.Status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone cannot be told so
}

// RetryAfter is d in the whole seconds of the Retry-After header, rounded up
// and at least 1, so that nobody is invited back too early.
func RetryAfter(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}

// gone tells that the request failed because its client went away, which is
// nobody's failure and would only fill the log.
func gone(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() != nil
}

// Errorf makes an error for the few refusals that only HTTP knows (405, 408,
// 415, 421 …): a gallery.Error whose cause carries the exact status.
func Errorf(status int, format string, args ...any) *gallery.Error {
	e := gallery.Errorf(gallery.Malformed, format, args...)
	e.Err = httpStatus(status)
	return e
}

type httpStatus int

func (s httpStatus) Error() string { return fmt.Sprintf("status %d", int(s)) }
