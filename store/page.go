package store

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"invisibleart.example/gallery"
)

// place is where in a list a page begins: after the row with this number (a
// time in µs, or a seq) and id. The lists run downwards.
type place struct {
	number int64
	id     string
}

// startOf reads the page's cursor. The first page begins above everything.
func startOf(p gallery.Page, list string) (place, error) {
	if p.Cursor == "" {
		return place{number: math.MaxInt64}, nil
	}
	bad := gallery.Errorf(gallery.Malformed, "The cursor is not one of this list.")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(p.Cursor)
	if err != nil || len(raw) > 300 {
		return place{}, bad
	}
	// PostgreSQL refuses text that is not UTF-8, or holds a NUL, with an error
	// of its own.
	text := string(raw)
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return place{}, bad
	}
	of, rest, _ := strings.Cut(text, " ")
	number, id, found := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if of != list || !found || err != nil || strconv.FormatInt(n, 10) != number {
		return place{}, bad
	}
	return place{number: n, id: id}, nil
}

// cursor is the place as clients hold it; it names its list so that another
// list's cursor is recognised.
func (p place) cursor(list string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + " " + strconv.FormatInt(p.number, 10) + " " + p.id))
}

// cut takes one row more than the page holds and returns the page and the
// cursor of the next one, "" at the end.
func cut[T any](rows []T, size int, list string, at func(T) place) (page []T, next string) {
	if len(rows) <= size {
		return rows, ""
	}
	return rows[:size], at(rows[size-1]).cursor(list)
}

// atTime is the place of a row in a list by time.
func atTime(t time.Time, id string) place { return place{number: t.UnixMicro(), id: id} }
