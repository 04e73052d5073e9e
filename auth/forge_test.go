package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"testing"
	"time"

	"invisibleart.example/gallery/auth"
)

// The tokens of these tests are put together by hand, with the standard
// library's HMAC, so that nothing they prove rests on the library under test.

const signingKey = "a signing key of thirty-two bytes or more"

var noon = time.Date(2026, 3, 21, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func mac(newHash func() hash.Hash, key, text string) string {
	h := hmac.New(newHash, []byte(key))
	h.Write([]byte(text))
	return string(h.Sum(nil))
}

// sign makes a token of a header and a payload, signed with HMAC-SHA-256.
func sign(key, header, payload string) string {
	text := b64(header) + "." + b64(payload)
	return text + "." + b64(mac(sha256.New, key, text))
}

const (
	simpleHeader = `{"alg":"HS256","typ":"JWT"}`
	// As Simple JWT writes it for a user with an integer key, valid for five
	// minutes from noon.
	simplePayload = `{"token_type":"access","exp":1774094700,"iat":1774094400,"jti":"5a1f2a38c7b94b4db2cf7aa28b4bd8a1","user_id":"7"}`
)

func tokens(t testing.TB, keys string, now func() time.Time) *auth.Tokens {
	t.Helper()
	parsed, err := auth.ParseKeys(keys)
	if err != nil {
		t.Fatalf("ParseKeys: %v", err)
	}
	return auth.NewTokens(parsed, 0, 0, now)
}
