package curator

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

// Registration is what somebody gives to get an account.
type Registration struct {
	Username, Email, Password string
	IsArtist                  bool
}

// Signed is an account and its key: a fresh pair of tokens, never to be logged.
type Signed struct {
	User            gallery.User
	Access, Refresh string
}

// Register opens an account and signs it in. It is Invalid with the places
// "username", "email" and "password" (all at once), and Conflict when the name
// or the address is taken, whatever their case.
func (c *Curator) Register(ctx context.Context, r Registration) (signed Signed, err error) {
	err = c.register(ctx, r, false, func(a *act, u gallery.User) error {
		signed, err = c.openFamily(ctx, a, u)
		return err
	})
	return signed, err
}

// register writes an account and whatever follows from it.
func (c *Curator) register(ctx context.Context, r Registration, admin bool, then func(*act, gallery.User) error) error {
	var places places
	username := places.text("username", gallery.UsernameText, r.Username)
	email := places.text("email", gallery.EmailText, r.Email)
	password := places.text("password", gallery.PasswordText, r.Password)
	if err := places.err(); err != nil {
		return err
	}
	// Hashing takes a processor for tens of milliseconds: no transaction may
	// wait for that.
	hash, err := c.config.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return c.write(ctx, func(a *act) error {
		u := gallery.User{
			ID: newID(), Username: username, Email: email,
			IsArtist: r.IsArtist, IsAdmin: admin, IsActive: true, CreatedAt: a.now,
		}
		if err := a.CreateUser(ctx, u, hash); err != nil {
			return err
		}
		return then(a, u)
	})
}

// openFamily begins a family of refresh tokens and issues its first pair.
func (c *Curator) openFamily(ctx context.Context, a *act, u gallery.User) (Signed, error) {
	session := store.Session{ID: newID(), UserID: u.ID, RefreshID: auth.NewTokenID(), CreatedAt: a.now}
	refresh, expires, err := c.config.Tokens.Refresh(u.ID, session.ID, session.RefreshID)
	if err != nil {
		return Signed{}, err
	}
	access, err := c.config.Tokens.Access(u.ID, session.ID)
	if err != nil {
		return Signed{}, err
	}
	session.ExpiresAt = expires
	if err := a.CreateSession(ctx, session); err != nil {
		return Signed{}, err
	}
	return Signed{User: u, Access: access, Refresh: refresh}, nil
}

// setPassword gives a user another password and signs them out everywhere.
func (a *act) setPassword(ctx context.Context, userID, hash string) error {
	if err := a.SetPassword(ctx, userID, hash); err != nil {
		return err
	}
	return a.endAll(ctx, userID)
}

// endAll signs a user out everywhere: every family and browser session ends,
// and tokens without a session that were issued until now fall.
func (a *act) endAll(ctx context.Context, userID string) error {
	// The account's row first: a login that holds it has its session ended, too.
	if err := a.EndTokens(ctx, userID, a.now); err != nil {
		return err
	}
	if err := a.EndSessions(ctx, userID, a.now); err != nil {
		return err
	}
	return a.signedOut(ctx, userID)
}
