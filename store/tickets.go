package store

import (
	"context"
	"fmt"
	"time"
)

// Ticket opens one socket, once, in the name of the token that bought it.
type Ticket struct {
	Hash           string // SHA-256 of the ticket, in hex; the ticket itself is not kept
	UserID         string
	SessionID      string    // of the token, "" when it has none
	TokenIssuedAt  time.Time // zero when the token does not say
	TokenExpiresAt time.Time
	ExpiresAt      time.Time // of the ticket
}

const ticketColumns = `hash, user_id, session_id, token_issued_at, token_expires_at, expires_at`

// CreateTicket adds a ticket; gallery.NotFound when the user is gone.
func (tx *Tx) CreateTicket(ctx context.Context, t Ticket) error {
	if _, err := tx.exec(ctx, `INSERT INTO tickets (`+ticketColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
		t.Hash, t.UserID, t.SessionID, micros(t.TokenIssuedAt), micros(t.TokenExpiresAt), micros(t.ExpiresAt)); err != nil {
		return fmt.Errorf("create ticket of user %s: %w", t.UserID, err)
	}
	return nil
}

// SpendTicket takes the ticket out of the store: of several that try at once
// one gets it. gallery.NotFound when it is spent, expired by now, or unknown.
func (tx *Tx) SpendTicket(ctx context.Context, hash string, now time.Time) (Ticket, error) {
	var t Ticket
	found, err := tx.get(ctx, []any{&t.Hash, &t.UserID, &t.SessionID,
		instant{&t.TokenIssuedAt}, instant{&t.TokenExpiresAt}, instant{&t.ExpiresAt}},
		`DELETE FROM tickets WHERE hash = $1 AND expires_at > $2 RETURNING `+ticketColumns, hash, micros(now))
	if err != nil {
		return Ticket{}, fmt.Errorf("spend ticket: %w", err)
	}
	if !found {
		return Ticket{}, notFound("ticket")
	}
	return t, nil
}

// PurgeCredentials removes the tickets and sessions that have expired by now.
// A session that was ended early stays until then, so that its tokens are
// known to have fallen.
func (tx *Tx) PurgeCredentials(ctx context.Context, now time.Time) error {
	for _, table := range []string{"tickets", "sessions"} {
		if _, err := tx.exec(ctx, `DELETE FROM `+table+` WHERE expires_at <= $1`, micros(now)); err != nil {
			return fmt.Errorf("purge %s: %w", table, err)
		}
	}
	return nil
}
