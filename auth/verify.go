package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"invisibleart.example/gallery"
)

const (
	// maxTokenBytes keeps anybody from having kilobytes decoded and hashed.
	// Ours have about 300.
	maxTokenBytes = 8 << 10

	// leeway forgives a clock of another server that runs ahead of ours, in
	// iat and nbf. An expiry is an expiry: a socket is closed at its token's
	// exp, and must not be opened again after it.
	leeway = 30 * time.Second
)

// newParser pins the algorithm and has the library check the times.
func newParser(now func() time.Time) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithStrictDecoding(), // else several spellings of one signature pass
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(now),
	)
}

// VerifyAccess returns what an access token says. It refuses every bad token
// with the same *gallery.Error Unauthorized, so that nobody learns how close a
// forgery came; the cause wrapped in it is for the log and holds no part of the
// token.
func (t *Tokens) VerifyAccess(token string) (Claims, error) { return t.verify(token, typeAccess) }

// VerifyRefresh does the same for a refresh token. Whether it was spent
// already is for the caller to find out.
func (t *Tokens) VerifyRefresh(token string) (Claims, error) { return t.verify(token, typeRefresh) }

func (t *Tokens) verify(token, kind string) (Claims, error) {
	c, err := t.parse(token, kind)
	if err != nil {
		return Claims{}, &gallery.Error{
			Code:    gallery.Unauthorized,
			Message: "The token is not valid or has expired.",
			Err:     fmt.Errorf("verify %s token: %w", kind, err),
		}
	}
	return c.public(), nil
}

func (t *Tokens) parse(token, kind string) (*claims, error) {
	if err := checkForm(token); err != nil {
		return nil, err
	}
	var c claims
	_, err := t.parser.ParseWithClaims(token, &c, t.keysFor)
	switch {
	case err != nil:
		return nil, err
	case c.kind != kind:
		return nil, fmt.Errorf("token_type is not %s", kind)
	case !t.now().Before(c.expires):
		return nil, jwt.ErrTokenExpired
	}
	return &c, nil
}

// checkForm refuses what the library lets through: line breaks inside a
// segment, a crit header, trailing or repeated members of the header.
func checkForm(token string) error {
	if len(token) > maxTokenBytes {
		return errors.New("token is too long")
	}
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		return fmt.Errorf("token has %d segments, want 3", len(segments))
	}
	for i, segment := range segments {
		// encoding/base64 skips \r and \n whatever the mode.
		if segment == "" || strings.ContainsAny(segment, "\r\n") {
			return fmt.Errorf("segment %d is empty or has a line break", i+1)
		}
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(segments[0])
	if err != nil {
		return fmt.Errorf("decode header: %w", err)
	}
	header, err := members(raw)
	if err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	// RFC 7515 section 4.1.11: who does not understand what crit lists must
	// refuse the token, and we understand nothing of the kind. RFC 7797's b64
	// without crit is one server reading other bytes than the next one.
	for _, name := range []string{"crit", "b64", "enc", "zip"} {
		if _, present := header[name]; present {
			return fmt.Errorf("header has %s", name)
		}
	}
	return nil
}

// keysFor is called with the token's header before anything of it is verified.
// Key material in the header (jwk, jku, x5u …) is never looked at.
func (t *Tokens) keysFor(token *jwt.Token) (any, error) {
	value, present := token.Header["kid"]
	kid, isText := value.(string)
	if present && !isText {
		return nil, errors.New("kid is not text")
	}
	var set jwt.VerificationKeySet
	for _, k := range t.keys.forKid(kid, present) {
		set.Keys = append(set.Keys, k.text())
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("kid names no key of ours")
	}
	return set, nil
}
