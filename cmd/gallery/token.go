package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"invisibleart.example/gallery/node"
)

// tokenCommand is `gallery token`.
type tokenCommand struct {
	storeSettings
	tokenSettings
	Email string `required:"" placeholder:"ADDRESS" help:"Whose."`
}

// Run prints the token and nothing else, so that $(gallery token …) works.
func (t tokenCommand) Run(ctx context.Context, streams streams) error {
	config := t.config()
	if err := t.tokenSettings.into(&config); err != nil {
		return err
	}
	b, err := node.OpenBeside(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(t.issue(ctx, b, streams.out), b.Close())
}

func (t tokenCommand) issue(ctx context.Context, b *node.Beside, out io.Writer) error {
	if !b.HasKey() {
		return fmt.Errorf("there is no JWT key in %s: give the one the gallery signs with (--jwt-key), or start the gallery there once", t.Data)
	}
	token, _, err := b.Curator().IssueToken(ctx, t.Email)
	if err != nil {
		return fmt.Errorf("issue a token for %s: %w", t.Email, err)
	}
	_, err = fmt.Fprintln(out, token)
	return err
}
