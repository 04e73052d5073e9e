package main

import (
	"context"
	"errors"

	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/node"
)

// config is what a command beside a server needs to know of it.
func (d dataSettings) config() node.Config { return node.Config{Data: d.Data} }

// beside does something in the gallery's store, whether or not a server runs.
func beside(ctx context.Context, config node.Config, do func(*curator.Curator) error) error {
	b, err := node.OpenBeside(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(b.Curator()), b.Close())
}
