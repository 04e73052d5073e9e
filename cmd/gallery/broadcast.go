package main

import (
	"context"
	"fmt"

	"invisibleart.example/gallery/curator"
)

// broadcastCommand is `gallery broadcast MESSAGE`.
type broadcastCommand struct {
	storeSettings
	Message string `arg:"" help:"What to say, 1 to 2,000 characters."`
}

// Run writes the announcement into the store. A running server says it within
// two seconds; without one it stands in everybody's announcements all the same.
func (b broadcastCommand) Run(ctx context.Context, io streams) error {
	return beside(ctx, b.config(), func(c *curator.Curator) error {
		a, err := c.Announce(ctx, b.Message)
		if err != nil {
			return fmt.Errorf("broadcast: %w", err)
		}
		_, err = fmt.Fprintf(io.out, "announced %s\n", a.ID)
		return err
	})
}
