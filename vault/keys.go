package vault

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/keyring"
)

// minKeyText is the least length of a master key's text, in bytes
// (docs/protocol.md, "Tokens": keys are any text of at least 32 bytes).
const minKeyText = 32

// Keys is the ring of master keys: the first wraps, all unwrap. The zero value
// holds none. It never prints its keys, only their ids.
type Keys struct {
	ring []masterKey // in the order given
}

// masterKey wraps file keys. The text it came from is not kept.
type masterKey struct {
	id          string
	fingerprint string // what the key is called while it has no id
	aead        cipher.AEAD
}

// ParseKeys reads master keys: one text of at least 32 bytes without a colon,
// or several as "id:text,id:text", ids being up to 64 letters, digits and
// . _ -; a text in a list may hold colons but no comma. White space around each
// is ignored. Errors tell the place of the wrong key and nothing of its text.
//
// A key without an id goes by its fingerprint, and one with an id answers to
// its fingerprint too: so a gallery that began with a single unnamed key can
// give it an id later, when a second one joins.
func ParseKeys(s string) (Keys, error) {
	ring, err := keyring.Split(strings.TrimSpace(s))
	if err != nil {
		return Keys{}, fmt.Errorf("master %w", err)
	}
	var keys Keys
	for i, entry := range ring {
		key, err := newMasterKey(entry.ID, entry.Text)
		if err != nil {
			return Keys{}, fmt.Errorf("master key %d: %w", i+1, err)
		}
		keys.ring = append(keys.ring, key)
	}
	return keys, nil
}

func newMasterKey(id, text string) (masterKey, error) {
	if len(text) < minKeyText {
		return masterKey{}, fmt.Errorf("has %d bytes, needs at least %d", len(text), minKeyText)
	}
	// Key and fingerprint come from the same text under different labels:
	// knowing one tells nothing about the other.
	secret := []byte(text)
	defer clear(secret)
	key, err := hkdf.Key(sha256.New, secret, nil, "invisible art gallery: master key", 32)
	if err != nil {
		return masterKey{}, fmt.Errorf("derive the key: %w", err)
	}
	defer clear(key)
	fingerprint, err := hkdf.Key(sha256.New, secret, nil, "invisible art gallery: master key fingerprint", 6)
	if err != nil {
		return masterKey{}, fmt.Errorf("derive the fingerprint: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return masterKey{}, fmt.Errorf("set up the cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return masterKey{}, fmt.Errorf("set up the cipher: %w", err)
	}
	// "#" keeps fingerprints and ids apart: no id holds one.
	mark := "#" + hex.EncodeToString(fingerprint)
	return masterKey{id: cmp.Or(id, mark), fingerprint: mark, aead: aead}, nil
}

// IDs lists the ids of the keys, the writing one first.
func (k Keys) IDs() []string {
	var ids []string
	for _, key := range k.ring {
		ids = append(ids, key.id)
	}
	return ids
}

// String names the keys by their ids, never their text.
func (k Keys) String() string { return "master keys " + strings.Join(k.IDs(), ", ") }

// GoString is String, so that no format verb reaches inside.
func (k Keys) GoString() string { return k.String() }

// LogValue is what a log may hold of the keys.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k Keys) find(id string) (masterKey, bool) {
	for _, key := range k.ring {
		if key.id == id {
			return key, true
		}
	}
	for _, key := range k.ring {
		if key.fingerprint == id {
			return key, true
		}
	}
	return masterKey{}, false
}

// wrap encrypts a file key under the first master key, for one artwork.
func (k Keys) wrap(artworkID string, fileKey []byte) (keyID string, wrapped []byte, err error) {
	if len(k.ring) == 0 {
		return "", nil, errors.New("there is no master key")
	}
	key := k.ring[0]
	return key.id, key.aead.Seal(nil, nil, fileKey, boundTo(artworkID)), nil
}

// unwrap returns the file key of a seal; the caller clears it after use. It
// fails for a seal of another artwork or another master key.
func (k Keys) unwrap(artworkID string, s gallery.Seal) ([]byte, error) {
	key, found := k.find(s.KeyID)
	if !found {
		return nil, fmt.Errorf("its master key %q is not among those given (%s)", s.KeyID, strings.Join(k.IDs(), ", "))
	}
	fileKey, err := key.aead.Open(nil, nil, s.WrappedKey, boundTo(artworkID))
	if err != nil {
		return nil, fmt.Errorf("master key %q does not open its seal: the key's text has changed, or the seal belongs to another work", s.KeyID)
	}
	if len(fileKey) != fileKeySize {
		clear(fileKey)
		return nil, fmt.Errorf("its file key has %d bytes, want %d", len(fileKey), fileKeySize)
	}
	return fileKey, nil
}

// fileKeySize is what age uses: 128 bits.
const fileKeySize = 16

// newSalt makes the 16 random bytes that keep a commitment from
// confirming a guess.
func newSalt() []byte {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails: the program dies instead
	return salt
}

// boundTo is the additional data of a wrapping: it opens for this artwork only.
func boundTo(artworkID string) []byte {
	return []byte("invisible art gallery: file key of artwork " + artworkID)
}
