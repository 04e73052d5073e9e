package auth

import (
	"time"

	"invisibleart.example/gallery"
)

// Identity is somebody who has proved who they are, and until when that holds.
// The zero value is an anonymous visitor. It is a plain value and holds no
// secret.
type Identity struct {
	User gallery.User
	// SessionID is the family of refresh tokens, or the browser session, that
	// the proof came from; "" for a token that names none, as Django issues them.
	SessionID string
	IssuedAt  time.Time // zero when the token does not say
	ExpiresAt time.Time
}

// IsAnonymous tells whether nobody has signed in.
func (i Identity) IsAnonymous() bool { return i.User.ID == "" }

// Claims is what a verified token says. Whether its user and its session still
// stand is for the caller to find out.
type Claims struct {
	UserID    string
	SessionID string    // the claim "sid", "" when absent
	TokenID   string    // the claim "jti"
	IssuedAt  time.Time // zero when the token has no iat
	ExpiresAt time.Time
}
