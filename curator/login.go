package curator

import (
	"context"
	"errors"
	"strings"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// Login opens a new family of tokens for whoever knows the password. addr is
// what limits count the caller under, "" for nobody in particular. An unknown
// address, a wrong password and a deactivated account get the same
// Unauthorized after the same time. Logins are limited per account and per
// addr, and wrong passwords besides, whatever --rate-limits says
// (ratelimit.Defaults has the numbers): TooMany, also for the right password. A
// hash that Django or an older setting made is replaced.
func (c *Curator) Login(ctx context.Context, email, password, addr string) (signed Signed, err error) {
	err = c.login(ctx, email, password, addr, func(a *act, u gallery.User) error {
		signed, err = c.openFamily(ctx, a, u)
		return err
	})
	return signed, err
}

func (c *Curator) login(ctx context.Context, email, password, addr string, then func(*act, gallery.User) error) error {
	if err := c.admitLogin(ctx, email, addr); err != nil {
		return err
	}
	err := c.attempt(ctx, email, password, addr, then)
	if errors.Is(err, errHashReplaced) {
		// By a change of the password, or by another login of the same moment
		// that found the hash outdated: the new hash tells which.
		err = c.attempt(ctx, email, password, addr, then)
	}
	if errors.Is(err, errHashReplaced) {
		return wrongPassword()
	}
	return err
}

var errHashReplaced = errors.New("the password's hash was replaced while it was being verified")

// attempt is one try of a login. It fails with errHashReplaced when what it
// verified is no longer what stands.
func (c *Curator) attempt(ctx context.Context, email, password, addr string, then func(*act, gallery.User) error) error {
	var account store.Account
	err := c.read(ctx, func(tx *store.Tx) (err error) {
		account, err = tx.AccountByEmail(ctx, strings.TrimSpace(email))
		return err
	})
	if err != nil && gallery.CodeOf(err) != gallery.NotFound {
		return err
	}
	key := account.ID
	if key == "" {
		key = EmailKey(email)
	}
	rehash, err := c.checkPassword(ctx, account, key, addr, password)
	if err != nil {
		return err
	}
	var fresh string
	if rehash {
		if fresh, err = c.config.Passwords.Hash(ctx, password); err != nil {
			return err
		}
	}
	return c.write(ctx, func(a *act) error {
		// The account may have been deactivated, deleted or given another
		// password while the old one was being verified; not any more until the
		// session is there to be ended with the others.
		now, err := a.LockAccount(ctx, account.ID)
		switch {
		case gallery.CodeOf(err) == gallery.NotFound || err == nil && !now.IsActive:
			return wrongPassword()
		case err != nil:
			return err
		case now.PasswordHash != account.PasswordHash:
			return errHashReplaced
		}
		if fresh != "" {
			if err := a.Rehash(ctx, account.ID, account.PasswordHash, fresh); err != nil {
				return err
			}
		}
		return then(a, now.User)
	})
}

// admitLogin counts an attempt before anything is found out about it, so that
// known and unknown accounts are counted alike.
func (c *Curator) admitLogin(ctx context.Context, email, addr string) error {
	if addr != "" {
		if err := c.config.Limits.LoginsByAddress.Take(ctx, addr); err != nil {
			return err
		}
	}
	return c.config.Limits.LoginsByAccount.Take(ctx, EmailKey(email))
}

// checkPassword verifies a password and tells whether its hash is outdated. The
// zero account is nobody. An attempt that was never verified counts for nothing,
// as it told nobody anything; one whose client hung up meanwhile counts, as its
// guess was made and its work done.
func (c *Curator) checkPassword(ctx context.Context, account store.Account, key, addr, password string) (rehash bool, err error) {
	byAccount, byAddress := c.config.Limits.WrongPasswordsByAccount, c.config.Limits.WrongPasswordsByAddress
	if addr == "" {
		byAddress = nil // lets everything pass
	}
	wrong := false
	// The address first: who waits for an account holds up nobody but those of
	// the same address.
	endByAddress, err := byAddress.Begin(ctx, addr)
	if err != nil {
		return false, err
	}
	defer func() { endByAddress(wrong) }()
	endByAccount, err := byAccount.Begin(ctx, key)
	if err != nil {
		return false, err
	}
	defer func() { endByAccount(wrong) }()
	var ok bool
	if account.ID == "" {
		err = c.config.Passwords.VerifyNobody(ctx, password)
	} else {
		ok, rehash, err = c.config.Passwords.Verify(ctx, account.PasswordHash, password)
	}
	if err != nil {
		return false, err
	}
	if wrong = !ok || !account.IsActive; wrong {
		return false, wrongPassword()
	}
	return rehash, nil
}

func wrongPassword() error {
	return gallery.Errorf(gallery.Unauthorized, "The e-mail address or the password is wrong.")
}
