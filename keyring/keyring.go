// Package keyring reads the one form in which keys are given to the gallery,
// the JWT keys as well as the master keys (docs/protocol.md, "Keys"): any text
// without a colon is a single key; with one it is a list for rotation,
// "id:text,id:text", of which the first key writes and all read.
package keyring

import (
	"fmt"
	"regexp"
	"strings"
)

// Entry is one key as it was given.
type Entry struct {
	ID   string // up to 64 letters, digits and . _ -; "" for a single key
	Text string // may hold colons, in a list no comma
}

var form = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Split reads a setting into its keys, at least one. White space around the
// keys of a list is dropped; that of a single key is part of it. Whether a text
// is long enough is for the caller to say. Errors begin with "key" and tell the
// place of the wrong one and nothing of its text.
func Split(s string) ([]Entry, error) {
	if !strings.Contains(s, ":") {
		return []Entry{{Text: s}}, nil
	}
	var ring []Entry
	seen := map[string]bool{}
	for i, part := range strings.Split(s, ",") {
		// The id is not repeated in an error: where somebody gave a single key
		// with a colon in it, the "id" is a piece of the secret.
		id, text, found := strings.Cut(strings.TrimSpace(part), ":")
		switch {
		case !found || !form.MatchString(id):
			return nil, fmt.Errorf("key %d: must be written id:text, because a colon in the setting makes it a list", i+1)
		case seen[id]:
			return nil, fmt.Errorf("key %d: its id is taken by an earlier one", i+1)
		}
		seen[id] = true
		ring = append(ring, Entry{ID: id, Text: text})
	}
	return ring, nil
}
