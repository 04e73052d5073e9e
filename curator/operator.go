package curator

import (
	"context"
	"strings"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// The operator's commands ask nobody who they are: whoever can open the data
// directory may use them. They work on a curator that does not run, beside a
// process that does; its sweep tells the sockets.

// operatorTokenLife is how long `gallery token` opens the gallery.
const operatorTokenLife = 24 * time.Hour

// CreateUser opens an account, an administrator's if need be. It refuses what
// Register refuses.
func (c *Curator) CreateUser(ctx context.Context, r Registration, admin bool) (u gallery.User, err error) {
	err = c.register(ctx, r, admin, func(_ *act, created gallery.User) error {
		u = created
		return nil
	})
	return u, err
}

// SetPassword gives an account another password and signs it out everywhere.
// NotFound for an unknown e-mail address, Invalid at "password".
func (c *Curator) SetPassword(ctx context.Context, email, password string) error {
	var places places
	places.text("password", gallery.PasswordText, password)
	if err := places.err(); err != nil {
		return err
	}
	hash, err := c.config.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return c.write(ctx, func(a *act) error {
		account, err := a.AccountByEmail(ctx, strings.TrimSpace(email))
		if err != nil {
			return err
		}
		return a.setPassword(ctx, account.ID, hash)
	})
}

// SetActive deactivates an account, which signs it out everywhere, or lets it in
// again. NotFound for an unknown e-mail address.
func (c *Curator) SetActive(ctx context.Context, email string, active bool) error {
	return c.write(ctx, func(a *act) error {
		account, err := a.AccountByEmail(ctx, strings.TrimSpace(email))
		if err != nil {
			return err
		}
		if err := a.SetActive(ctx, account.ID, active); err != nil || active {
			return err
		}
		// Else what was signed in would be so again after a reactivation.
		return a.endAll(ctx, account.ID)
	})
}

// IssueToken makes an access token for an account, good for 24 hours. It has a
// session of its own, so signing out everywhere ends it. NotFound for an
// unknown e-mail address, Forbidden for a deactivated account.
func (c *Curator) IssueToken(ctx context.Context, email string) (token string, expires time.Time, err error) {
	err = c.write(ctx, func(a *act) error {
		account, err := a.AccountByEmail(ctx, strings.TrimSpace(email))
		if err != nil {
			return err
		}
		if !account.IsActive {
			return gallery.Errorf(gallery.Forbidden, "The account is deactivated.")
		}
		expires = a.now.Add(operatorTokenLife)
		session := store.Session{ID: newID(), UserID: account.ID, CreatedAt: a.now, ExpiresAt: expires}
		if err := a.CreateSession(ctx, session); err != nil {
			return err
		}
		token, err = c.config.Tokens.AccessFor(account.ID, session.ID, operatorTokenLife)
		return err
	})
	return token, expires, err
}
