package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// NewSecret makes a secret of 32 random bytes in base64url, to be handed out
// as a ticket or a session cookie, and its hash, to be stored: whoever reads
// the database can open nothing with it.
func NewSecret() (secret, hash string) {
	random := make([]byte, 32)
	rand.Read(random) // never fails: the program ends when the system has no randomness
	secret = base64.RawURLEncoding.EncodeToString(random)
	return secret, HashSecret(secret)
}

// HashSecret is the hex SHA-256 under which a secret is stored and looked up.
// The secret has 256 bits of entropy, so one fast hash is enough, and finding
// a row by it leaks nothing useful in its timing.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// NewTokenID makes a jti for a token: 32 hex digits, as Simple JWT's.
func NewTokenID() string {
	random := make([]byte, 16)
	rand.Read(random) // never fails, see NewSecret
	return hex.EncodeToString(random)
}
