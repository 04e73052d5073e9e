package main

import (
	"context"
	"fmt"

	"invisibleart.example/gallery/curator"
)

// tokenCommand is `gallery token`.
type tokenCommand struct {
	dataSettings
	tokenSettings
	Email string `required:"" placeholder:"ADDRESS" help:"Whose."`
}

// Run prints the token and nothing else, so that $(gallery token …) works.
func (t tokenCommand) Run(ctx context.Context, io streams) error {
	config := t.config()
	config.JWTKey = t.JWTKey
	return beside(ctx, config, func(c *curator.Curator) error {
		token, _, err := c.IssueToken(ctx, t.Email)
		if err != nil {
			return fmt.Errorf("issue a token for %s: %w", t.Email, err)
		}
		_, err = fmt.Fprintln(io.out, token)
		return err
	})
}
