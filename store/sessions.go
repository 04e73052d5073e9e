package store

import (
	"context"
	"fmt"
	"time"
)

// Session is one sign-in: a family of refresh tokens, or a browser's cookie.
// It is returned as stored; whether it still holds, the caller judges by
// ExpiresAt and EndedAt.
type Session struct {
	ID        string
	UserID    string
	RefreshID string // the jti of the only refresh token that is unspent
	// CookieHash is the SHA-256, in hex, of a browser's cookie; "" without one.
	CookieHash string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	EndedAt    time.Time // zero while it runs
}

const sessionColumns = `id, user_id, refresh_id, cookie_hash, created_at, expires_at, ended_at`

// CreateSession adds a session; gallery.NotFound when the user is gone.
func (tx *Tx) CreateSession(ctx context.Context, s Session) error {
	if _, err := tx.exec(ctx, `INSERT INTO sessions (`+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		s.ID, s.UserID, s.RefreshID, null(s.CookieHash), micros(s.CreatedAt), micros(s.ExpiresAt), micros(s.EndedAt)); err != nil {
		return fmt.Errorf("create session of user %s: %w", s.UserID, err)
	}
	return nil
}

// SessionByID finds a session.
func (tx *Tx) SessionByID(ctx context.Context, id string) (Session, error) {
	return tx.session(ctx, "id", id)
}

// SessionByCookie finds a browser's session by the hash of its cookie.
func (tx *Tx) SessionByCookie(ctx context.Context, hash string) (Session, error) {
	return tx.session(ctx, "cookie_hash", hash)
}

func (tx *Tx) session(ctx context.Context, column, value string) (Session, error) {
	var s Session
	var cookie *string
	found, err := tx.get(ctx, []any{&s.ID, &s.UserID, &s.RefreshID, &cookie,
		instant{&s.CreatedAt}, instant{&s.ExpiresAt}, instant{&s.EndedAt}},
		`SELECT `+sessionColumns+` FROM sessions WHERE `+column+` = $1`, value)
	if err != nil {
		return Session{}, fmt.Errorf("read session: %w", err)
	}
	if !found {
		return Session{}, notFound("session")
	}
	if cookie != nil {
		s.CookieHash = *cookie
	}
	return s, nil
}

// RotateRefresh spends the refresh token oldJTI for newJTI, which expires at
// expires. Of several that try at once one wins. It returns false when oldJTI
// is not the unspent one, or the session has ended or is gone.
func (tx *Tx) RotateRefresh(ctx context.Context, sessionID, oldJTI, newJTI string, expires time.Time) (ok bool, err error) {
	n, err := tx.exec(ctx, `UPDATE sessions SET refresh_id = $3, expires_at = $4
		WHERE id = $1 AND refresh_id = $2 AND ended_at IS NULL`, sessionID, oldJTI, newJTI, micros(expires))
	if err != nil {
		return false, fmt.Errorf("rotate refresh token of session %s: %w", sessionID, err)
	}
	return n == 1, nil
}

// EndSession ends a session. One that has ended, or is gone, stays as it is.
func (tx *Tx) EndSession(ctx context.Context, id string, at time.Time) error {
	if _, err := tx.exec(ctx, `UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, id, micros(at)); err != nil {
		return fmt.Errorf("end session %s: %w", id, err)
	}
	return nil
}

// EndSessions ends all sessions of a user that still run.
func (tx *Tx) EndSessions(ctx context.Context, userID string, at time.Time) error {
	if _, err := tx.exec(ctx, `UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL`, userID, micros(at)); err != nil {
		return fmt.Errorf("end sessions of user %s: %w", userID, err)
	}
	return nil
}
