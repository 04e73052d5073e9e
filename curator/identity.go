package curator

import (
	"context"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

// refused is the one answer to every credential that does not hold, so that
// nobody learns why it does not.
func refused() error {
	return gallery.Errorf(gallery.Unauthorized, "The token is not valid or has expired.")
}

// signedIn refuses the anonymous visitor.
func signedIn(who auth.Identity) error {
	if who.IsAnonymous() {
		return gallery.Errorf(gallery.Unauthorized, "You have to be signed in to do this.")
	}
	return nil
}

// Authenticate tells who shows this credential. The zero Credential is the
// anonymous visitor; one that does not hold, for whatever reason, is
// Unauthorized. A ticket is spent by it.
func (c *Curator) Authenticate(ctx context.Context, cred auth.Credential) (auth.Identity, error) {
	if cred.IsZero() {
		return auth.Identity{}, nil
	}
	switch cred.Kind {
	case auth.KindBearer, auth.KindToken:
		claims, err := c.config.Tokens.VerifyAccess(cred.Value)
		if err != nil {
			return auth.Identity{}, err
		}
		return c.identify(ctx, claims)
	case auth.KindTicket:
		return c.spendTicket(ctx, cred.Value)
	case auth.KindSession:
		return c.browserIdentity(ctx, cred.Value)
	}
	return auth.Identity{}, refused()
}

// identify turns what a verified token says into who it stands for today.
func (c *Curator) identify(ctx context.Context, claims auth.Claims) (auth.Identity, error) {
	who := auth.Identity{
		User:      gallery.User{ID: claims.UserID},
		SessionID: claims.SessionID, IssuedAt: claims.IssuedAt, ExpiresAt: claims.ExpiresAt,
	}
	err := c.read(ctx, func(tx *store.Tx) error {
		account, err := c.standing(ctx, tx, who)
		who.User = account.User
		return err
	})
	if err != nil {
		return auth.Identity{}, err
	}
	return who, nil
}

// Reauthenticate tells whether an identity still holds: Unauthorized once its
// time is over, its session ended, its password changed (for a token without a
// session) or its user deactivated or deleted. The anonymous visitor always
// holds.
func (c *Curator) Reauthenticate(ctx context.Context, who auth.Identity) error {
	if who.IsAnonymous() {
		return nil
	}
	return c.read(ctx, func(tx *store.Tx) error {
		_, err := c.standing(ctx, tx, who)
		return err
	})
}

// standing returns the account behind an identity when the identity holds at
// this moment. Use cases that write ask inside their own transaction, so that
// nothing slips in behind a logout or a deletion.
func (c *Curator) standing(ctx context.Context, tx *store.Tx, who auth.Identity) (store.Account, error) {
	account, err := tx.AccountByID(ctx, who.User.ID)
	if gallery.CodeOf(err) == gallery.NotFound {
		return store.Account{}, refused()
	}
	if err != nil {
		return store.Account{}, err
	}
	if !account.IsActive || over(who.ExpiresAt, c.instant()) {
		return store.Account{}, refused()
	}
	if who.SessionID == "" {
		// iat counts whole seconds: a token of the very second of the change is
		// taken for an older one.
		if !account.ValidAfter.IsZero() && !who.IssuedAt.After(account.ValidAfter) {
			return store.Account{}, refused()
		}
		return account, nil
	}
	session, err := tx.SessionByID(ctx, who.SessionID)
	if gallery.CodeOf(err) == gallery.NotFound {
		return store.Account{}, refused()
	}
	if err != nil {
		return store.Account{}, err
	}
	if session.UserID != account.ID || !session.EndedAt.IsZero() {
		return store.Account{}, refused()
	}
	return account, nil
}

// over tells whether an expiry has come.
func over(expires, now time.Time) bool { return !expires.IsZero() && !now.Before(expires) }
