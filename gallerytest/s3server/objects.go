package s3server

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a stored object; it is replaced, never changed.
type object struct {
	content  []byte
	etag     string
	modified time.Time
}

func newObject(content []byte, modified time.Time) object {
	tag := md5.Sum(content)
	return object{content: content, etag: hex.EncodeToString(tag[:]), modified: modified}
}

// Put stores an object behind everybody's back.
func (s *Server) Put(key string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = newObject(content, s.now())
}

// Keys lists the objects, sorted.
func (s *Server) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

// Each calls f for everything that the store holds: objects and, of unfinished
// uploads, parts.
func (s *Server) Each(f func(where string, content []byte)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, o := range s.objects {
		f("object "+key, o.content)
	}
	for id, u := range s.uploads {
		for number, part := range u.parts {
			f(fmt.Sprintf("part %d of upload %s of %s", number, id, u.key), part.content)
		}
	}
}

func (c *call) putObject() {
	body, ok := c.body()
	if !ok {
		return
	}
	o := newObject(body, c.now())
	c.mu.Lock()
	c.objects[c.key()] = o
	c.mu.Unlock()
	c.w.Header().Set("ETag", `"`+o.etag+`"`)
	c.answer(200, nil)
}

func (c *call) deleteObject() {
	c.mu.Lock()
	delete(c.objects, c.key())
	c.mu.Unlock()
	c.answer(204, nil)
}

// getObject answers GET and HEAD, with one range at most.
func (c *call) getObject() {
	c.mu.Lock()
	o, found := c.objects[c.key()]
	c.mu.Unlock()
	if !found {
		c.refuse(404, "NoSuchKey", "The specified key does not exist.")
		return
	}
	if want := c.r.Header.Get("If-Match"); want != "" && want != `"`+o.etag+`"` {
		c.refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
		return
	}
	h := c.w.Header()
	h.Set("ETag", `"`+o.etag+`"`)
	h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Accept-Ranges", "bytes")
	header := c.r.Header.Get("Range")
	if header == "" {
		c.answer(200, o.content)
		return
	}
	size := int64(len(o.content))
	first, last, ok := parseRange(header, size)
	if !ok {
		// Also for every range of an empty object.
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		c.refuse(416, "InvalidRange", "The requested range is not satisfiable")
		return
	}
	h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, size))
	c.answer(206, o.content[first:last+1])
}

// parseRange reads "bytes=a-b", "bytes=a-" and "bytes=-n" of a content.
func parseRange(header string, size int64) (first, last int64, ok bool) {
	a, b, found := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	if !found {
		return 0, 0, false
	}
	if a == "" {
		n, err := strconv.ParseInt(b, 10, 64)
		return max(0, size-n), size - 1, err == nil && n > 0 && size > 0
	}
	first, err := strconv.ParseInt(a, 10, 64)
	if last = size - 1; err == nil && b != "" {
		last, err = strconv.ParseInt(b, 10, 64)
		last = min(last, size-1)
	}
	return first, last, err == nil && first <= last && first < size
}
