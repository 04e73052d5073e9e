package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"invisibleart.example/gallery"
)

const artworkList = "artworks"

// Artworks lists artworks, newest first, and the cursor of the next page ("" at
// the end). gallery.Malformed for a cursor that is none, gallery.Invalid for a
// query that cannot be text of ours.
func (tx *Tx) Artworks(ctx context.Context, f gallery.Filter) (list []gallery.Artwork, next string, err error) {
	from, err := startOf(f.Page, artworkList)
	if err != nil {
		return nil, "", err
	}
	where, args, err := where(f, from)
	if err != nil {
		return nil, "", err
	}
	args = append(args, f.Size()+1)
	list, err = tx.artworks(ctx, artworkSelect+where+
		` ORDER BY a.created_at DESC, a.id DESC LIMIT $`+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, "", fmt.Errorf("list artworks: %w", err)
	}
	list, next = cut(list, f.Size(), artworkList, func(a gallery.Artwork) place { return atTime(a.CreatedAt, a.ID) })
	return list, next, nil
}

// where writes only the terms that are asked for, so that each question gets
// the plan that suits it.
func where(f gallery.Filter, from place) (sql string, args []any, err error) {
	terms := []string{`(a.created_at, a.id) < ($1, $2)`}
	args = []any{from.number, from.id}
	mark := func(value string) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	if f.Artist != "" {
		// An id first: else a username spelt like one could stand in for it.
		terms = append(terms, `a.artist_id = COALESCE((SELECT id FROM users WHERE id = `+mark(f.Artist)+`),
			(SELECT id FROM users WHERE username_key = `+mark(key(f.Artist))+`))`)
	}
	if f.Revealed != nil {
		term := `a.revealed_at IS NULL`
		if *f.Revealed {
			term = `a.revealed_at IS NOT NULL`
		}
		terms = append(terms, term)
	}
	if query := strings.TrimSpace(f.Query); query != "" {
		// SQLite takes patterns up to 50,000 bytes and refuses longer ones.
		if utf8.RuneCountInString(query) > 255 || !utf8.ValidString(query) || strings.ContainsRune(query, 0) {
			return "", nil, gallery.InvalidField("q", "must be text of at most 255 characters")
		}
		terms = append(terms, `a.search LIKE `+mark(like(key(query)))+` ESCAPE '\'`)
	}
	return ` WHERE ` + strings.Join(terms, ` AND `), args, nil
}
