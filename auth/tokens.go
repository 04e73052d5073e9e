package auth

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	defaultAccess  = time.Hour
	defaultRefresh = 7 * 24 * time.Hour
)

// The values of the claim "token_type", as Simple JWT writes them.
const (
	typeAccess  = "access"
	typeRefresh = "refresh"
)

// Tokens signs and verifies JSON Web Tokens as Django REST Framework Simple
// JWT makes them: HS256 over the claims token_type, exp, iat, jti and user_id,
// and "sid", which others ignore. It is safe for concurrent use.
type Tokens struct {
	keys            Keys
	access, refresh time.Duration
	now             func() time.Time
	parser          *jwt.Parser
}

// NewTokens makes Tokens with at least one key (it panics without: whoever has
// none cannot have got here through [ParseKeys]). A lifetime of 0 is the
// default: an hour for access, seven days for refresh.
func NewTokens(keys Keys, access, refresh time.Duration, now func() time.Time) *Tokens {
	if len(keys.all) == 0 {
		panic("auth: NewTokens without keys")
	}
	if access == 0 {
		access = defaultAccess
	}
	if refresh == 0 {
		refresh = defaultRefresh
	}
	return &Tokens{keys: keys, access: access, refresh: refresh, now: now, parser: newParser(now)}
}

// Access issues an access token for a user, bound to a session unless
// sessionID is "".
func (t *Tokens) Access(userID, sessionID string) (string, error) {
	return t.AccessFor(userID, sessionID, t.access)
}

// AccessFor issues an access token with a lifetime of its own.
func (t *Tokens) AccessFor(userID, sessionID string, life time.Duration) (string, error) {
	token, _, err := t.issue(typeAccess, userID, sessionID, NewTokenID(), life)
	return token, err
}

// Refresh issues a refresh token under the given jti (see [NewTokenID]), which
// the caller stores as the session's one unspent token, and tells when it
// expires.
func (t *Tokens) Refresh(userID, sessionID, jti string) (token string, expires time.Time, err error) {
	return t.issue(typeRefresh, userID, sessionID, jti, t.refresh)
}

func (t *Tokens) issue(kind, userID, sessionID, jti string, life time.Duration) (string, time.Time, error) {
	// Whole seconds, as Simple JWT writes them.
	issued := t.now().UTC().Truncate(time.Second)
	expires := issued.Add(life).Truncate(time.Second)
	claims := jwt.MapClaims{
		"token_type": kind,
		"exp":        expires.Unix(),
		"iat":        issued.Unix(),
		"jti":        jti,
		"user_id":    userID,
	}
	if sessionID != "" {
		claims["sid"] = sessionID
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	signer := t.keys.all[0]
	if signer.id != "" {
		token.Header["kid"] = signer.id
	}
	signed, err := token.SignedString(signer.text())
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign %s token: %w", kind, err)
	}
	return signed, expires, nil
}
