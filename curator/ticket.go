package curator

import (
	"context"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

// ticketLife is how long a ticket may wait for its socket (docs/protocol.md,
// "Tokens").
const ticketLife = 30 * time.Second

// Ticket sells a ticket for one socket, in place of a token in its address. The
// socket inherits the expiry and the session of who.
func (c *Curator) Ticket(ctx context.Context, who auth.Identity) (ticket string, expires time.Time, err error) {
	if err := signedIn(who); err != nil {
		return "", time.Time{}, err
	}
	secret, hash := auth.NewSecret()
	err = c.write(ctx, func(a *act) error {
		if _, err := c.standing(ctx, a.Tx, who); err != nil {
			return err
		}
		expires = a.now.Add(ticketLife)
		return a.CreateTicket(ctx, store.Ticket{
			Hash: hash, UserID: who.User.ID, SessionID: who.SessionID,
			TokenIssuedAt: who.IssuedAt, TokenExpiresAt: who.ExpiresAt, ExpiresAt: expires,
		})
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return secret, expires, nil
}

// spendTicket takes a ticket for the identity that bought it. It is spent even
// when that identity does not hold any more.
func (c *Curator) spendTicket(ctx context.Context, secret string) (auth.Identity, error) {
	var ticket store.Ticket
	err := c.write(ctx, func(a *act) error {
		var err error
		ticket, err = a.SpendTicket(ctx, auth.HashSecret(secret), a.now)
		return err
	})
	if gallery.CodeOf(err) == gallery.NotFound {
		return auth.Identity{}, refused()
	}
	if err != nil {
		return auth.Identity{}, err
	}
	return c.identify(ctx, auth.Claims{
		UserID: ticket.UserID, SessionID: ticket.SessionID,
		IssuedAt: ticket.TokenIssuedAt, ExpiresAt: ticket.TokenExpiresAt,
	})
}
