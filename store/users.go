package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"invisibleart.example/gallery"
)

// Account is a user with what is needed to sign in.
type Account struct {
	gallery.User
	PasswordHash string
	// ValidAfter is when the user was last signed out everywhere: tokens that belong to no
	// session hold only when they were issued after it. Zero: all hold.
	ValidAfter time.Time
}

const accountColumns = `id, username, email, bio, is_artist, is_admin, is_active, password_hash, valid_after, created_at`

func (a *Account) fields() []any {
	return []any{&a.ID, &a.Username, &a.Email, &a.Bio, &a.IsArtist, &a.IsAdmin, &a.IsActive,
		&a.PasswordHash, instant{&a.ValidAfter}, instant{&a.CreatedAt}}
}

// CreateUser adds an account. It returns gallery.Conflict, with Fields naming
// "username" and "email", for what is taken; case does not count.
func (tx *Tx) CreateUser(ctx context.Context, u gallery.User, passwordHash string) error {
	n, err := tx.exec(ctx, `INSERT INTO users (`+accountColumns+`, username_key, email_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, $9, $10, $11) ON CONFLICT DO NOTHING`,
		u.ID, u.Username, u.Email, u.Bio, bit(u.IsArtist), bit(u.IsAdmin), bit(u.IsActive),
		passwordHash, micros(u.CreatedAt), key(u.Username), key(u.Email))
	if err != nil {
		return fmt.Errorf("create user %s: %w", u.ID, err)
	}
	if n == 1 {
		return nil
	}
	fields, err := tx.taken(ctx, u.ID, u.Username, u.Email)
	if err != nil {
		return err
	}
	return conflict(fields)
}

func conflict(fields []gallery.FieldError) error {
	return &gallery.Error{Code: gallery.Conflict, Message: "That is taken already.", Fields: fields}
}

func usernameTaken() gallery.FieldError {
	return gallery.FieldError{Location: "username", Message: "is taken"}
}

// taken names which of the keys somebody else has.
func (tx *Tx) taken(ctx context.Context, id, username, email string) (fields []gallery.FieldError, err error) {
	for _, k := range []struct {
		column, value string
		field         gallery.FieldError
	}{
		{"username_key", key(username), usernameTaken()},
		{"email_key", key(email), gallery.FieldError{Location: "email", Message: "belongs to another account"}},
	} {
		var one int
		found, err := tx.get(ctx, []any{&one}, `SELECT 1 FROM users WHERE `+k.column+` = $1 AND id <> $2`, k.value, id)
		if err != nil {
			return nil, fmt.Errorf("look for the %s of another user: %w", k.field.Location, err)
		}
		if found {
			fields = append(fields, k.field)
		}
	}
	return fields, nil
}

// AccountByID finds an account, active or not.
func (tx *Tx) AccountByID(ctx context.Context, id string) (Account, error) {
	return tx.account(ctx, "id", id)
}

// AccountByEmail finds an account by its address, ignoring case.
func (tx *Tx) AccountByEmail(ctx context.Context, email string) (Account, error) {
	return tx.account(ctx, "email_key", key(email))
}

func (tx *Tx) account(ctx context.Context, column, value string) (Account, error) {
	var a Account
	found, err := tx.get(ctx, a.fields(), `SELECT `+accountColumns+` FROM users WHERE `+column+` = $1`, value)
	if err != nil {
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	if !found {
		return Account{}, notFound("user")
	}
	return a, nil
}

// LockAccount reads an account, active or not, that nobody else can then change
// until this transaction, a writing one, ends. What follows from its password
// has to be written under this lock: else a change of the password that commits
// meanwhile would not be seen. It comes after the locks of artworks.
func (tx *Tx) LockAccount(ctx context.Context, id string) (Account, error) {
	if err := tx.lockUser(ctx, id, tx.db.engine.lockRows); err != nil {
		return Account{}, err
	}
	return tx.AccountByID(ctx, id) // only now: what is read before the lock is held may be old
}

// SetPassword replaces the password's hash. What was signed in with the old one
// is ended separately, by EndTokens and EndSessions.
func (tx *Tx) SetPassword(ctx context.Context, userID, hash string) error {
	return tx.setUser(ctx, "set password of user", userID,
		`UPDATE users SET password_hash = $2 WHERE id = $1`, userID, hash)
}

// EndTokens lets tokens that belong to no session fall unless they were issued
// after validAfter.
func (tx *Tx) EndTokens(ctx context.Context, userID string, validAfter time.Time) error {
	return tx.setUser(ctx, "end tokens of user", userID,
		`UPDATE users SET valid_after = $2 WHERE id = $1`, userID, micros(validAfter))
}

// Rehash replaces oldHash by newHash, of the same password. Nothing happens
// when the hash is no longer oldHash: the password was changed meanwhile.
func (tx *Tx) Rehash(ctx context.Context, userID, oldHash, newHash string) error {
	if _, err := tx.exec(ctx, `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`,
		userID, oldHash, newHash); err != nil {
		return fmt.Errorf("rehash password of user %s: %w", userID, err)
	}
	return nil
}

// SetActive lets a user in again, or no longer.
func (tx *Tx) SetActive(ctx context.Context, userID string, active bool) error {
	return tx.setUser(ctx, "activate or deactivate user", userID,
		`UPDATE users SET is_active = $2 WHERE id = $1`, userID, bit(active))
}

func (tx *Tx) setUser(ctx context.Context, doing, userID, query string, args ...any) error {
	n, err := tx.exec(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s %s: %w", doing, userID, err)
	}
	if n == 0 {
		return notFound("user")
	}
	return nil
}

// UpdateProfile changes what is not nil and returns the user as changed. It
// returns gallery.Conflict, with Fields naming "username", when that is taken.
func (tx *Tx) UpdateProfile(ctx context.Context, userID string, username, bio *string) (gallery.User, error) {
	// What is not given stays as it is, whoever changes it at the same time.
	a, err := tx.LockAccount(ctx, userID)
	if err != nil {
		return gallery.User{}, err
	}
	if bio != nil {
		a.Bio = *bio
	}
	if username != nil {
		a.Username = *username
		switch fields, err := tx.taken(ctx, userID, a.Username, a.Email); {
		case err != nil:
			return gallery.User{}, err
		case len(fields) > 0:
			return gallery.User{}, conflict(fields)
		}
	}
	err = tx.setUser(ctx, "update profile of user", userID,
		`UPDATE users SET username = $2, username_key = $3, bio = $4 WHERE id = $1`,
		userID, a.Username, key(a.Username), a.Bio)
	if faultOf(err) == faultUnique { // somebody who took it after we looked
		return gallery.User{}, conflict([]gallery.FieldError{usernameTaken()})
	}
	return a.User, err
}

// DeleteUser removes the account with its works, views, comments, inbox and
// sessions, and takes its comments out of other works' counts. Their view
// counts stay: they say how many have ever looked, and a milestone that was
// announced must not be reached again. It returns the ids of the works that
// went, whose files the vault still holds.
func (tx *Tx) DeleteUser(ctx context.Context, userID string) (artworkIDs []string, err error) {
	defer func() {
		if err != nil && gallery.CodeOf(err) != gallery.NotFound {
			err = fmt.Errorf("delete user %s: %w", userID, err)
		}
	}()
	// Artworks before users, by id: the order of locks everywhere.
	if err := tx.removeUsersComments(ctx, userID); err != nil {
		return nil, err
	}
	if err := tx.lockUser(ctx, userID, tx.db.engine.lockOut); err != nil {
		return nil, err
	}
	// What came between the two is against that order, and rare.
	if err := tx.removeUsersComments(ctx, userID); err != nil {
		return nil, err
	}
	artworkIDs, err = all(ctx, tx, scanText, `DELETE FROM artworks WHERE artist_id = $1 RETURNING id`, userID)
	if err != nil {
		return nil, err
	}
	slices.Sort(artworkIDs)
	return artworkIDs, tx.setUser(ctx, "delete user", userID, `DELETE FROM users WHERE id = $1`, userID)
}

// removeUsersComments takes a user's comments out of everybody's works, and
// locks those of the user's own.
func (tx *Tx) removeUsersComments(ctx context.Context, userID string) error {
	touched, err := all(ctx, tx, scanText, `SELECT id FROM artworks WHERE artist_id = $1
		UNION ALL SELECT artwork_id FROM comments WHERE user_id = $1`, userID)
	if err != nil {
		return err
	}
	slices.Sort(touched)
	for _, id := range slices.Compact(touched) {
		if _, err := tx.removeComments(ctx, id, "user_id", userID); err != nil {
			return err
		}
	}
	return nil
}

// lockUser takes the lock of a user's row, in one of the engine's ways.
func (tx *Tx) lockUser(ctx context.Context, userID, lock string) error {
	var id string
	found, err := tx.get(ctx, []any{&id}, `SELECT id FROM users WHERE id = $1`+lock, userID)
	if err != nil {
		return fmt.Errorf("lock user %s: %w", userID, err)
	}
	if !found {
		return notFound("user")
	}
	return nil
}
