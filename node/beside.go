package node

import (
	"context"
	"errors"
	"io/fs"

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
	hasKey  bool
}

// OpenBeside opens a gallery for the operator's commands. Of config it heeds
// Data, JWTKey, PasswordCost, Log and Now; it never opens the works, and makes
// no key: one made here would be another than the server's own. It fails as
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
	key, hasKey, err := keyBeside(d, config)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	tokens, err := parseTokens(key, config)
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
	return &Beside{db: db, curator: c, hasKey: hasKey}, nil
}

// keyBeside finds the key that the server signs with. Where there is none yet
// one stands in that is forgotten with the process, for the commands that sign
// nothing.
func keyBeside(d dir, config Config) (text string, found bool, err error) {
	if config.JWTKey != "" {
		return config.JWTKey, true, nil
	}
	text, err = readKey(d.jwtKey())
	if errors.Is(err, fs.ErrNotExist) {
		return randomKey(), false, nil
	}
	return text, true, err
}

// HasKey tells whether the server's own JWT key was found or given. Without it
// a token issued here would open nothing.
func (b *Beside) HasKey() bool { return b.hasKey }

// Curator has the use cases for operators; it does not run.
func (b *Beside) Curator() *curator.Curator { return b.curator }

// Close closes the store.
func (b *Beside) Close() error { return b.db.Close() }
