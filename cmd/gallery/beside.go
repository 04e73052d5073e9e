package main

import (
	"context"
	"errors"

	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/node"
)

// beside does something in the gallery's store, whether or not a server runs.
func beside(ctx context.Context, config node.Config, do func(*curator.Curator) error) error {
	b, err := node.OpenBeside(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(b.Curator()), b.Close())
}
