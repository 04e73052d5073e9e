package api

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"time"

	"invisibleart.example/gallery/problem"
)

// contentPolicy is for bytes that a stranger chose: shown by themselves they
// run nothing, submit nothing and are of no origin. What a browser builds
// around a picture or a film needs the rest.
const contentPolicy = "default-src 'none'; sandbox; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"

// getContent shows a work: to everybody after its reveal, before it to its
// artist alone. The curator decides; Content is Forbidden to all others.
func (a *api) getContent(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	content, work, err := a.Curator.Content(r.Context(), r.who, id)
	if err != nil {
		return err
	}
	defer content.Close()
	h := w.Header()
	h.Set("Content-Type", work.ContentType)
	if work.ContentType == "application/pdf" {
		// A PDF may carry scripts, and its viewer may run them.
		h.Set("Content-Disposition", `attachment; filename="`+work.ID+`.pdf"`)
	}
	modified := time.Time{}
	if work.IsRevealed() {
		public(h, work.Seal.Commitment)
		modified = work.RevealedAt // before it, there was nothing to see
	} else {
		// The artist's own look at a hidden work must leave no trace that
		// somebody else could be served from.
		h.Set("Cache-Control", "private, no-store")
	}
	return a.serve(w, r, content, content.Size(), modified)
}

// getPlaceholder shows the artist's own stand-in for a hidden work, which is
// not secret.
func (a *api) getPlaceholder(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	content, work, err := a.Curator.Placeholder(r.Context(), id)
	if err != nil {
		return err
	}
	defer content.Close()
	w.Header().Set("Content-Type", work.Placeholder)
	// It never changes after the work was hung, so the work's id names it.
	public(w.Header(), work.ID)
	return a.serve(w, r, content, content.Size(), work.CreatedAt)
}

// public lets caches keep the answer and other sites show it; both have the
// strong validator they need to ask again.
func public(h http.Header, etag string) {
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("ETag", `"`+etag+`"`)
}

// serve answers with the content, a range of it or that it has not changed
// (RFC 9110, sections 13 and 14). When the vault fails in the middle, the
// connection is cut: short of its announced length, the answer cannot be taken
// for the work.
func (a *api) serve(w http.ResponseWriter, r *request, content io.ReadSeeker, size int64, modified time.Time) error {
	w.Header().Set("Content-Security-Policy", contentPolicy)
	source := &trackedReader{Reader: content}
	answer := &contentWriter{ResponseWriter: w, request: r.Request, size: size}
	http.ServeContent(answer, ranged(r.Request, size), "", modified, seekable{source, content})
	if source.err != nil && r.Context().Err() == nil && !errors.Is(source.err, os.ErrDeadlineExceeded) {
		a.Log.ErrorContext(r.Context(), "content cannot be read", "path", r.URL.Path, "error", source.err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// ranged is r with a Range header as http.ServeContent should read it. One in
// another unit than bytes is to be ignored (RFC 9110, section 14.2), where that
// refuses; the name of the unit has no case. The last no bytes of something are
// unsatisfiable (section 14.1.2), where that answers 206 with a Content-Range
// that contradicts itself; what begins where the content ends is as empty, and
// unsatisfiable to both, alone or among other ranges.
func ranged(r *http.Request, size int64) *http.Request {
	unit, set, _ := strings.Cut(r.Header.Get("Range"), "=")
	if unit == "" {
		return r
	}
	other := *r
	other.Header = maps.Clone(r.Header)
	if !strings.EqualFold(unit, "bytes") {
		other.Header.Del("Range")
		return &other
	}
	ranges := strings.Split(set, ",")
	for i, text := range ranges {
		first, last, found := strings.Cut(strings.Trim(text, " \t"), "-")
		if last = strings.Trim(last, " \t"); found && first == "" && last != "" && strings.Trim(last, "0") == "" {
			ranges[i] = fmt.Sprintf("%d-", size)
		}
	}
	other.Header.Set("Range", "bytes="+strings.Join(ranges, ","))
	return &other
}

// seekable reads through the tracker and seeks in the content.
type seekable struct {
	*trackedReader
	io.Seeker
}

// contentWriter answers as http.ServeContent does, but where that refuses (412,
// 416), with a problem document.
type contentWriter struct {
	http.ResponseWriter
	request *http.Request
	size    int64
	refused bool
}

func (c *contentWriter) WriteHeader(status int) {
	if status < 400 {
		c.ResponseWriter.WriteHeader(status)
		return
	}
	c.refused = true
	if status == http.StatusRequestedRangeNotSatisfiable {
		c.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", c.size))
	}
	problem.WriteStatus(c.ResponseWriter, c.request, status, "")
}

func (c *contentWriter) Write(p []byte) (int, error) {
	if c.refused {
		return len(p), nil // the words of http.ServeContent
	}
	return c.ResponseWriter.Write(p)
}
