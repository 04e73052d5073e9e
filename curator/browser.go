package curator

import (
	"context"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

// browserLife is how long a browser stays signed in.
const browserLife = 7 * 24 * time.Hour

// Browser is a browser session, for the pages.
type Browser struct {
	Secret   string // the value of the cookie auth.SessionCookie; never to be logged
	Identity auth.Identity
}

// SignUp is Register for the pages: the same refusals, a cookie for an answer.
func (c *Curator) SignUp(ctx context.Context, r Registration) (b Browser, err error) {
	err = c.register(ctx, r, false, func(a *act, u gallery.User) error {
		b, err = c.openBrowser(ctx, a, u)
		return err
	})
	return b, err
}

// SignIn is Login for the pages: the same refusals, a cookie for an answer.
func (c *Curator) SignIn(ctx context.Context, email, password, addr string) (b Browser, err error) {
	err = c.login(ctx, email, password, addr, func(a *act, u gallery.User) error {
		b, err = c.openBrowser(ctx, a, u)
		return err
	})
	return b, err
}

// SignOut ends the session of who, with every socket it opened. An identity
// without a session, and one that is over already, are fine.
func (c *Curator) SignOut(ctx context.Context, who auth.Identity) error {
	if who.IsAnonymous() || who.SessionID == "" {
		return nil
	}
	return c.write(ctx, func(a *act) error {
		return a.endFamily(ctx, who.User.ID, who.SessionID)
	})
}

func (c *Curator) openBrowser(ctx context.Context, a *act, u gallery.User) (Browser, error) {
	secret, hash := auth.NewSecret()
	s := store.Session{
		ID: newID(), UserID: u.ID, CookieHash: hash,
		CreatedAt: a.now, ExpiresAt: a.now.Add(browserLife),
	}
	if err := a.CreateSession(ctx, s); err != nil {
		return Browser{}, err
	}
	return Browser{Secret: secret, Identity: auth.Identity{
		User: u, SessionID: s.ID, IssuedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt,
	}}, nil
}

// browserIdentity tells whose browser shows this cookie.
func (c *Curator) browserIdentity(ctx context.Context, secret string) (who auth.Identity, err error) {
	err = c.read(ctx, func(tx *store.Tx) error {
		s, err := tx.SessionByCookie(ctx, auth.HashSecret(secret))
		if gallery.CodeOf(err) == gallery.NotFound {
			return refused()
		}
		if err != nil {
			return err
		}
		who = auth.Identity{
			User:      gallery.User{ID: s.UserID},
			SessionID: s.ID, IssuedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt,
		}
		account, err := c.standing(ctx, tx, who)
		who.User = account.User
		return err
	})
	if err != nil {
		return auth.Identity{}, err
	}
	return who, nil
}
