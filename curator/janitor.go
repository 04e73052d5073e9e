package curator

import (
	"context"
	"time"

	"invisibleart.example/gallery/store"
)

const (
	tidyEvery = time.Hour

	// orphanAge is how old a blob without a row must be before it is taken for
	// an orphan. A row commits moments after its blob, but S3 dates a blob of
	// several parts by the beginning of its upload, and the uploads of other
	// nodes, which look like orphans until their row is there, are unknown to
	// this one. So it is longer than any upload takes.
	orphanAge = 24 * time.Hour
)

// runJanitor tidies up at the start and every hour.
func (c *Curator) runJanitor(ctx context.Context) {
	every := time.NewTicker(tidyEvery)
	defer every.Stop()
	for {
		c.tidy(ctx)
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// tidy removes what nobody needs any more. What fails is tried again in an hour.
func (c *Curator) tidy(ctx context.Context) {
	now := c.instant()
	tasks := []struct {
		what string
		do   func() error
	}{
		{"collect orphans", func() error {
			removed, err := c.config.Vault.Orphans(ctx, now.Add(-orphanAge), c.hanging)
			if removed > 0 {
				c.config.Log.InfoContext(ctx, "removed sealed works that nobody hung", "blobs", removed)
			}
			return err
		}},
		{"purge credentials", func() error {
			return c.write(ctx, func(a *act) error { return a.PurgeCredentials(ctx, now) })
		}},
		{"purge inboxes", func() error {
			return c.write(ctx, func(a *act) error { return a.PurgeInbox(ctx, now.Add(-c.config.InboxRetention)) })
		}},
	}
	for _, task := range tasks {
		if err := task.do(); err != nil && ctx.Err() == nil {
			c.config.Log.ErrorContext(ctx, task.what, "error", err)
		}
	}
	c.config.Log.DebugContext(ctx, "tidied up")
}

// hanging tells which artworks have a row, or are about to.
func (c *Curator) hanging(ctx context.Context, ids []string) (known map[string]bool, err error) {
	// In this order: an upload that ends between the two has its row by then.
	open := c.open.among(ids)
	err = c.read(ctx, func(tx *store.Tx) error {
		known, err = tx.HasArtworks(ctx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, id := range open {
		known[id] = true
	}
	return known, nil
}
