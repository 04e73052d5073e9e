package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

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
	vault   *vault.Vault
	works   blobs // nil unless they were opened
	curator *curator.Curator
	hasKey  bool
}

// HasGallery tells whether there is a gallery to be opened beside, without
// making one, as opening would. Of config it heeds Data and Database; one in
// PostgreSQL is there until opening it says otherwise.
func HasGallery(config Config) (bool, error) {
	if config.Database != "" {
		return true, nil
	}
	_, err := os.Stat(dir(config.Data).database())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// OpenBeside opens a gallery for the operator's commands. Of config it heeds
// Data, Database, Migrate, JWTKey, PasswordCost, Log and Now; it never migrates
// PostgreSQL, never opens the works, and makes no key: one made here would be
// another than the server's own. It fails as Open does.
func OpenBeside(ctx context.Context, config Config) (*Beside, error) {
	return openBeside(ctx, config, func(Config, dir) (*vault.Vault, error) {
		return vault.New(nil, vault.Keys{}), nil
	})
}

// OpenBesideKeys is OpenBeside for commands that re-wrap the keys of works: of
// config it heeds MasterKey, too, and looks for the key that stands in Data
// where none is given. It does not touch the sealed bytes.
func OpenBesideKeys(ctx context.Context, config Config) (*Beside, error) {
	return openBeside(ctx, config, func(c Config, d dir) (*vault.Vault, error) {
		keys, err := masterKeysBeside(c, d)
		return vault.New(nil, keys), err
	})
}

// OpenBesideWorks is OpenBesideKeys for commands that hang works: it opens the
// place of the sealed bytes as well (Blobs, S3), and leaves the uploads of
// serving processes alone.
func OpenBesideWorks(ctx context.Context, config Config) (*Beside, error) {
	// A work that is imported with a million views is one transaction.
	config.patience = time.Hour
	var works blobs
	b, err := openBeside(ctx, config, func(c Config, d dir) (*vault.Vault, error) {
		keys, err := masterKeysBeside(c, d)
		if err != nil {
			return nil, err
		}
		// Shared, though it may be one's own: a server may have an upload under way.
		works, err = openBlobs(ctx, c, d, vault.OpenSharedDir)
		return vault.New(works, keys), err
	})
	if err == nil {
		b.works = works
	}
	return b, err
}

func openBeside(ctx context.Context, config Config, openVault func(Config, dir) (*vault.Vault, error)) (_ *Beside, err error) {
	config = config.withDefaults()
	if err := errors.Join(checkKeys(config), checkDatabase(config)); err != nil {
		return nil, err
	}
	var d dir
	if config.Database == "" {
		d, err = openDir(config.Data)
	} else { // at most the keys are there
		var path string
		path, err = filepath.Abs(config.Data)
		d = dir(path)
	}
	if err != nil {
		return nil, err
	}
	if config.Database != "" {
		// The command may be newer than the nodes that run.
		config.Migrate = store.MigrateOff
	}
	db, err := openStore(ctx, config, d)
	if err != nil {
		return nil, err
	}
	b, err := wireBeside(config, d, db, openVault)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return b, nil
}

func wireBeside(config Config, d dir, db *store.DB, openVault func(Config, dir) (*vault.Vault, error)) (*Beside, error) {
	key, hasKey, err := keyBeside(d, config)
	if err != nil {
		return nil, err
	}
	tokens, err := parseTokens(key, db.Clock)
	if err != nil {
		return nil, err
	}
	works, err := openVault(config, d)
	if err != nil {
		return nil, err
	}
	c, err := curator.New(curator.Config{
		DB: db, Vault: works, Tokens: tokens, Passwords: auth.NewPasswords(config.PasswordCost),
		Log: config.Log, Now: config.Now,
	})
	if err != nil {
		return nil, err
	}
	return &Beside{db: db, vault: works, curator: c, hasKey: hasKey}, nil
}

// masterKeysBeside finds the keys that the works are sealed with.
func masterKeysBeside(c Config, d dir) (vault.Keys, error) {
	text, err := c.MasterKey, error(nil)
	if text == "" {
		if text, err = readKey(d.masterKey()); errors.Is(err, fs.ErrNotExist) {
			return vault.Keys{}, fmt.Errorf("there is no master key in %s: give the one the gallery seals with (--master-key), or start the gallery there once", d)
		}
	}
	if err != nil {
		return vault.Keys{}, err
	}
	keys, err := vault.ParseKeys(text)
	if err != nil {
		return vault.Keys{}, fmt.Errorf("the master key: %w", err)
	}
	return keys, nil
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

// DB is the store, for commands that are no use case of the curator's.
func (b *Beside) DB() *store.DB { return b.db }

// Vault seals works, where it was opened with OpenBesideWorks.
func (b *Beside) Vault() *vault.Vault { return b.vault }

// Close closes everything.
func (b *Beside) Close() error {
	err := b.db.Close()
	if b.works != nil {
		err = errors.Join(b.works.Close(), err)
	}
	return err
}
