package main

import (
	"context"
	"fmt"

	"invisibleart.example/gallery/node"
)

// migrateCommand is `gallery migrate`.
type migrateCommand struct {
	storeSettings
}

// Run brings the schema up to date and says what it did. Nodes of the version
// before go on running meanwhile.
func (m migrateCommand) Run(ctx context.Context, io streams) error {
	from, to, err := node.Migrate(ctx, m.config())
	if err != nil {
		return err
	}
	if from == to {
		_, err = fmt.Fprintf(io.out, "the schema is up to date (version %d)\n", to)
	} else {
		_, err = fmt.Fprintf(io.out, "migrated the schema from version %d to %d\n", from, to)
	}
	return err
}
