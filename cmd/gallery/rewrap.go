package main

import (
	"context"
	"errors"
	"fmt"

	"invisibleart.example/gallery/node"
)

// rewrapCommand is `gallery rewrap`.
type rewrapCommand struct {
	storeSettings
	masterSettings
}

// Run wraps the key of every work under the first master key, while the gallery
// is open. Interrupted, it goes on where it stopped the next time.
func (r rewrapCommand) Run(ctx context.Context, io streams) error {
	config := r.config()
	if err := r.masterSettings.into(&config); err != nil {
		return err
	}
	b, err := node.OpenBesideKeys(ctx, config)
	if err != nil {
		return err
	}
	n, err := b.Curator().Rewrap(ctx, nil)
	if err == nil {
		_, err = fmt.Fprintf(io.out, "re-wrapped the keys of %d works\n", n)
	} else {
		err = fmt.Errorf("after %d works: %w", n, err)
	}
	return errors.Join(err, b.Close())
}
