package node

import (
	"context"
	"fmt"
	"strings"

	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
	"invisibleart.example/gallery/vault/s3"
)

// openStore opens the rows: in PostgreSQL, or in a file of the data directory.
func openStore(ctx context.Context, c Config, d dir) (*store.DB, error) {
	return store.Open(ctx, source(c, d), store.Options{Now: c.Now, Migrate: c.Migrate, Patience: c.patience})
}

func source(c Config, d dir) string {
	if c.Database != "" {
		return c.Database
	}
	return d.database()
}

// checkDatabase refuses what is no URL of a database: it would be taken for the
// name of a file.
func checkDatabase(c Config) error {
	if c.Database != "" && !store.IsPostgreSQL(c.Database) {
		// Not quoted: it may hold a password all the same.
		return fmt.Errorf("the database must be a URL that begins with postgres://")
	}
	return nil
}

// blobs is a place for sealed works that has to be closed.
type blobs interface {
	vault.Blobs
	Close() error
}

// openBlobs opens the place for sealed works. own opens the one in the data
// directory.
func openBlobs(ctx context.Context, c Config, d dir, own func(path string) (*vault.Dir, error)) (blobs, error) {
	switch {
	case c.Blobs == "":
		return own(d.works())
	case strings.HasPrefix(c.Blobs, "s3://"):
		options := c.S3
		options.Log, options.Now = c.Log, c.Now
		return s3.Open(ctx, c.Blobs, options)
	case strings.Contains(c.Blobs, "://"):
		return nil, fmt.Errorf("--blobs must be a directory or begin with s3://")
	}
	return vault.OpenSharedDir(c.Blobs)
}

// Migrate brings the schema of the gallery's store up to date and returns the
// versions before and after. Of config it heeds Data, Database and Now.
func Migrate(ctx context.Context, config Config) (from, to int64, err error) {
	config = config.withDefaults()
	if err := checkDatabase(config); err != nil {
		return 0, 0, err
	}
	var d dir
	if config.Database == "" {
		if d, err = openDir(config.Data); err != nil {
			return 0, 0, err
		}
	}
	return store.Migrate(ctx, source(config, d), store.Options{Now: config.Now})
}
