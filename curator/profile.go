package curator

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

// UpdateProfile changes the caller's name, biography or both; nil leaves one as
// it is. Conflict when the name is taken.
func (c *Curator) UpdateProfile(ctx context.Context, who auth.Identity, username, bio *string) (u gallery.User, err error) {
	if err := signedIn(who); err != nil {
		return gallery.User{}, err
	}
	var places places
	username = places.optional("username", gallery.UsernameText, username)
	bio = places.optional("bio", gallery.BioText, bio)
	if err := places.err(); err != nil {
		return gallery.User{}, err
	}
	err = c.write(ctx, func(a *act) error {
		if _, err := c.standing(ctx, a.Tx, who); err != nil {
			return err
		}
		u, err = a.UpdateProfile(ctx, who.User.ID, username, bio)
		return err
	})
	return u, err
}

// ChangePassword replaces the caller's password and signs out everything older,
// the caller's own tokens included; the answer is the way on. A wrong old
// password is Invalid at "old_password" and counts against the account's limit.
func (c *Curator) ChangePassword(ctx context.Context, who auth.Identity, old, new string) (signed Signed, err error) {
	if err := signedIn(who); err != nil {
		return Signed{}, err
	}
	var places places
	places.text("new_password", gallery.PasswordText, new)
	if err := places.err(); err != nil {
		return Signed{}, err
	}
	account, err := c.confirm(ctx, who, "old_password", old)
	if err != nil {
		return Signed{}, err
	}
	hash, err := c.config.Passwords.Hash(ctx, new)
	if err != nil {
		return Signed{}, err
	}
	err = c.write(ctx, func(a *act) error {
		// Else two changes at once would both find the password they confirmed.
		if _, err := a.LockAccount(ctx, account.ID); err != nil && gallery.CodeOf(err) != gallery.NotFound {
			return err
		}
		if err := c.unchanged(ctx, a, who, account); err != nil {
			return err
		}
		if err := a.setPassword(ctx, account.ID, hash); err != nil {
			return err
		}
		signed, err = c.openFamily(ctx, a, account.User)
		return err
	})
	if err != nil {
		return Signed{}, err
	}
	return signed, nil
}

// DeleteAccount takes the caller's account away with everything of it: works
// and their content, comments, inbox, sessions. Sockets of the works and of the
// user end. A wrong password is Invalid at "password" and counts against the
// account's limit.
func (c *Curator) DeleteAccount(ctx context.Context, who auth.Identity, password string) error {
	if err := signedIn(who); err != nil {
		return err
	}
	account, err := c.confirm(ctx, who, "password", password)
	if err != nil {
		return err
	}
	var works []string
	err = c.write(ctx, func(a *act) error {
		if err := c.unchanged(ctx, a, who, account); err != nil {
			return err
		}
		if works, err = a.DeleteUser(ctx, account.ID); err != nil {
			return err
		}
		for _, id := range works {
			if err := a.deleted(ctx, id); err != nil {
				return err
			}
		}
		return a.signedOut(ctx, account.ID)
	})
	if err != nil {
		return err
	}
	for _, id := range works {
		c.removeBlob(ctx, id)
	}
	return nil
}

// confirm has a signed-in caller prove the password again.
func (c *Curator) confirm(ctx context.Context, who auth.Identity, location, password string) (account store.Account, err error) {
	err = c.read(ctx, func(tx *store.Tx) error {
		account, err = c.standing(ctx, tx, who)
		return err
	})
	if err != nil {
		return store.Account{}, err
	}
	if _, err := c.checkPassword(ctx, account, account.ID, "", password); err != nil {
		if gallery.CodeOf(err) == gallery.Unauthorized {
			err = gallery.InvalidField(location, "is not your password")
		}
		return store.Account{}, err
	}
	return account, nil
}

// unchanged refuses when the password that was confirmed is not the account's
// any more: of two changes at once, the second was made with an old password.
func (c *Curator) unchanged(ctx context.Context, a *act, who auth.Identity, confirmed store.Account) error {
	account, err := c.standing(ctx, a.Tx, who)
	if err == nil && account.PasswordHash != confirmed.PasswordHash {
		return refused()
	}
	return err
}
