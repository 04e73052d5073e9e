package node

import (
	"context"
	"errors"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
)

// Beside is a gallery opened without its lock, for the operator's commands: it
// writes to the store beside the process that serves it, or while none does.
// It sends nothing to anybody; the serving process's sweep finds what it wrote
// in the outbox within a second.
type Beside struct {
	db      *store.DB
	curator *curator.Curator
}

// OpenBeside opens a gallery for the operator's commands. Of config it heeds
// Data, JWTKey, PasswordCost and Now; it never opens the works. It fails as
// Open does.
func OpenBeside(ctx context.Context, config Config) (*Beside, error) {
	config = config.withDefaults()
	if err := checkKeys(config); err != nil {
		return nil, err
	}
	d, err := openDir(config.Data)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, d.database(), store.Options{Now: config.Now})
	if err != nil {
		return nil, err
	}
	tokens, err := openTokens(d, config)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	c, err := curator.New(curator.Config{
		DB: db, Tokens: tokens, Passwords: auth.NewPasswords(config.PasswordCost), Log: config.Log, Now: config.Now,
		// No operator's command touches a work; opening the directory would
		// even clear away an upload that the serving process has under way.
		Vault: vault.New(nil, vault.Keys{}),
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Beside{db: db, curator: c}, nil
}

// Curator has the use cases for operators; it does not run.
func (b *Beside) Curator() *curator.Curator { return b.curator }

// Close closes the store.
func (b *Beside) Close() error { return b.db.Close() }
