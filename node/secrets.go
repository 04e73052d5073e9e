package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
)

// openVault opens the works. A master key is made only for a gallery without
// works: a new key beside old works would look like a start and be a loss.
func (n *Node) openVault(ctx context.Context) (*vault.Vault, error) {
	text, err := n.masterKey(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := vault.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("the master key: %w", err)
	}
	blobs, err := openBlobs(ctx, n.config, n.dir, vault.OpenDir)
	if err != nil {
		return nil, err
	}
	n.onClose(blobs.Close)
	return vault.New(blobs, keys), nil
}

func (n *Node) masterKey(ctx context.Context) (string, error) {
	if n.config.MasterKey != "" {
		return n.config.MasterKey, nil
	}
	text, err := readKey(n.dir.masterKey())
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if n.config.Database != "" {
		return "", notMade("master key")
	}
	works := false
	err = n.db.Read(ctx, func(tx *store.Tx) error {
		list, _, err := tx.Artworks(ctx, gallery.Filter{Page: gallery.Page{Limit: 1}})
		works = len(list) > 0
		return err
	})
	if err != nil {
		return "", fmt.Errorf("look for works: %w", err)
	}
	if works {
		return "", fmt.Errorf("the gallery in %s has works but no master key: restore %s, or give the key they were sealed with", n.dir, n.dir.masterKey())
	}
	return makeKey(n.dir.masterKey())
}

// checkKeys refuses unfit keys before anything is touched. What is wrong with
// them is said without quoting them.
func checkKeys(c Config) error {
	if c.JWTKey != "" {
		if _, err := auth.ParseKeys(c.JWTKey); err != nil {
			return fmt.Errorf("the JWT key: %w", err)
		}
	}
	if c.MasterKey != "" {
		if _, err := vault.ParseKeys(c.MasterKey); err != nil {
			return fmt.Errorf("the master key: %w", err)
		}
	}
	return nil
}

// openTokens opens the key that signs tokens, and makes one at the first start.
func openTokens(d dir, c Config, now func() time.Time) (*auth.Tokens, error) {
	text, err := c.JWTKey, error(nil)
	switch {
	case text != "":
	case c.Database == "":
		text, err = makeKey(d.jwtKey())
	default:
		if text, err = readKey(d.jwtKey()); errors.Is(err, fs.ErrNotExist) {
			err = notMade("JWT key")
		}
	}
	if err != nil {
		return nil, err
	}
	return parseTokens(text, now)
}

// notMade refuses to make a key for a gallery that may have several nodes: each
// would make one of its own, and refuse what the others signed or sealed.
func notMade(key string) error {
	flag := strings.ReplaceAll(strings.ToLower(key), " ", "-")
	return fmt.Errorf("with --database the %s must be given, the same to every node: --%s or --%s-file", key, flag, flag)
}

func parseTokens(key string, now func() time.Time) (*auth.Tokens, error) {
	keys, err := auth.ParseKeys(key)
	if err != nil {
		return nil, fmt.Errorf("the JWT key: %w", err)
	}
	return auth.NewTokens(keys, 0, 0, now), nil
}
