package auth

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"

	"invisibleart.example/gallery/keyring"
)

// minKeyBytes is the least length of a key that signs: the output of SHA-256
// (RFC 7518 section 3.2). A key that only verifies may be shorter, because an
// old Django SIGNING_KEY often is, and its tokens have to be read until they
// expire.
const minKeyBytes = 32

// Keys are signing keys for tokens: the first signs, all of them verify. The
// zero value has none. Keys are immutable, safe for concurrent use, and never
// print themselves.
type Keys struct {
	all []key
}

// key holds its text behind a function, because fmt and other printers reach
// into unexported fields without asking for a String method; of a function they
// find nothing but the address.
type key struct {
	id   string // "" when the key was given without one
	text func() []byte
}

// ParseKeys reads either one key, any text of at least 32 bytes without a
// colon, or several with ids for rotation, as "id:text,id:text". An id is up
// to 64 letters, digits and . _ -; a text in a list may hold colons but no
// comma. A key's raw bytes are the HMAC key, as in Django. Errors tell the
// place of the wrong key and nothing of its text.
func ParseKeys(s string) (Keys, error) {
	ring, err := keyring.Split(s)
	if err != nil {
		return Keys{}, fmt.Errorf("signing %w", err)
	}
	var keys Keys
	for i, entry := range ring {
		least := minKeyBytes
		if i > 0 {
			least = 1
		}
		k, err := newKey(entry.ID, entry.Text, least)
		if err != nil {
			return Keys{}, fmt.Errorf("signing key %d: %w", i+1, err)
		}
		keys.all = append(keys.all, k)
	}
	return keys, nil
}

func newKey(id, text string, least int) (key, error) {
	if text == "" {
		return key{}, errors.New("is empty")
	}
	if len(text) < least {
		return key{}, fmt.Errorf("has %d bytes, must have at least %d", len(text), least)
	}
	raw := []byte(text)
	return key{id: id, text: func() []byte { return bytes.Clone(raw) }}, nil
}

// forKid lists the keys that may have signed a token with this kid header: all
// of them when it has none, as Django's have not, otherwise only the one it
// names. The kid is compared and never used to look anywhere else, so a path
// or a piece of SQL in it is just an unknown name.
func (k Keys) forKid(kid string, present bool) []key {
	if !present {
		return k.all
	}
	for _, candidate := range k.all {
		if candidate.id == kid && kid != "" {
			return []key{candidate}
		}
	}
	return nil
}

// Format prints how many keys there are, whatever the verb.
func (k Keys) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%d signing keys", len(k.all)) }

// LogValue logs how many keys there are.
func (k Keys) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%d signing keys", len(k.all)))
}
