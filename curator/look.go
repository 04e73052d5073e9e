package curator

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
)

// Look shows a work to somebody, which is a view when they are signed in and
// not its artist: counted once per viewer for ever, and answered with the state
// after it, so whoever tips the scale sees the work revealed. NotFound for an
// unknown work.
func (c *Curator) Look(ctx context.Context, who auth.Identity, id string) (art gallery.Artwork, err error) {
	if id, err = canonical("artwork", id); err != nil {
		return gallery.Artwork{}, err
	}
	counted := false
	err = c.read(ctx, func(tx *store.Tx) error {
		// For a first look one row is read here and the work itself after the
		// commit. An artist's may be their own work, which is no view.
		if !who.IsAnonymous() && !who.User.IsArtist {
			if counted, err = tx.HasViewed(ctx, id, who.User.ID); err != nil || !counted {
				return err
			}
		}
		if art, err = tx.Artwork(ctx, id); err != nil {
			return err
		}
		if counted = counted || who.IsAnonymous() || who.User.ID == art.Artist.ID; counted {
			return nil
		}
		counted, err = tx.HasViewed(ctx, id, who.User.ID)
		return err
	})
	if err != nil {
		return gallery.Artwork{}, err
	}
	if !counted {
		return c.countView(ctx, who.User.ID, id)
	}
	return art, nil
}

// Artwork reads a work without looking at it: nothing is counted.
func (c *Curator) Artwork(ctx context.Context, id string) (art gallery.Artwork, err error) {
	if id, err = canonical("artwork", id); err != nil {
		return gallery.Artwork{}, err
	}
	err = c.read(ctx, func(tx *store.Tx) error {
		art, err = tx.Artwork(ctx, id)
		return err
	})
	return art, err
}

// Artworks lists works, newest first.
func (c *Curator) Artworks(ctx context.Context, f gallery.Filter) (list []gallery.Artwork, next string, err error) {
	err = c.read(ctx, func(tx *store.Tx) error {
		list, next, err = tx.Artworks(ctx, f)
		return err
	})
	return list, next, err
}

// Content opens the work itself: for everybody once it is revealed, before that
// for its artist alone (Forbidden for others). The caller closes it; ctx must
// stay alive as long as it is read.
func (c *Curator) Content(ctx context.Context, who auth.Identity, id string) (*vault.Content, gallery.Artwork, error) {
	art, err := c.Artwork(ctx, id)
	if err != nil {
		return nil, gallery.Artwork{}, err
	}
	if !art.IsRevealed() && (who.IsAnonymous() || who.User.ID != art.Artist.ID) {
		return nil, gallery.Artwork{}, gallery.Errorf(gallery.Forbidden, "The artwork is not revealed yet.")
	}
	content, err := c.config.Vault.Open(ctx, art.ID, art.Seal)
	if err != nil {
		return nil, gallery.Artwork{}, c.explain(ctx, art.ID, err)
	}
	return content, art, nil
}

// Placeholder opens the artist's own placeholder picture, which is not secret.
// NotFound without one. The caller closes it; ctx must stay alive as long as it
// is read.
func (c *Curator) Placeholder(ctx context.Context, id string) (*vault.Content, gallery.Artwork, error) {
	art, err := c.Artwork(ctx, id)
	if err != nil {
		return nil, gallery.Artwork{}, err
	}
	if art.Placeholder == "" {
		return nil, gallery.Artwork{}, gallery.Errorf(gallery.NotFound, "The artwork has no placeholder picture.")
	}
	content, err := c.config.Vault.OpenPlaceholder(ctx, art.ID)
	if err != nil {
		return nil, gallery.Artwork{}, c.explain(ctx, art.ID, err)
	}
	return content, art, nil
}

// explain tells a work that was deleted between its row and its blob, which is
// NotFound, from one that is damaged.
func (c *Curator) explain(ctx context.Context, id string, cause error) error {
	if _, err := c.Artwork(ctx, id); gallery.CodeOf(err) == gallery.NotFound {
		return err
	}
	return cause
}
