package curator

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// Edit is a change to a work; what is nil stays as it is.
type Edit struct {
	Title, Description, AltText *string

	// While the work is hidden also these. Conditions are the whole list anew:
	// what the old ones had reached is forgotten, what the work has is not.
	When       *gallery.RevealWhen
	Conditions []gallery.Condition

	Problems []gallery.FieldError // as in Submission
}

// EditArtwork changes a work of the caller. Every condition is judged at once,
// so an edit may reveal. It is Invalid as Hang is, NotFound, Forbidden for
// anybody but the artist, and Conflict for conditions of a revealed work.
func (c *Curator) EditArtwork(ctx context.Context, who auth.Identity, id string, e Edit) (gallery.Artwork, error) {
	places := places(e.Problems)
	title := places.optional("title", gallery.TitleText, e.Title)
	description := places.optional("description", gallery.DescriptionText, e.Description)
	altText := places.optional("alt_text", gallery.DescriptionText, e.AltText)
	conditions := e.Conditions
	if conditions != nil {
		conditions = places.conditions(conditions, c.instant())
	}
	if e.When != nil {
		places.when(*e.When)
	}
	if err := places.err(); err != nil {
		return gallery.Artwork{}, err
	}
	people, err := c.peopleBefore(ctx, who, id, conditions)
	if err != nil {
		return gallery.Artwork{}, err
	}
	return c.change(ctx, who, id, func(a *act, art *gallery.Artwork) error {
		a.people = people
		if conditions != nil || e.When != nil {
			if art.IsRevealed() {
				return gallery.Errorf(gallery.Conflict, "The artwork is revealed; its conditions cannot be changed any more.")
			}
			when := art.RevealWhen
			if e.When != nil {
				when = *e.When
			}
			list := art.Conditions
			if conditions != nil {
				list = conditions
			}
			if err := a.ReplaceConditions(ctx, art.ID, when, list); err != nil {
				return err
			}
		}
		if err := a.UpdateArtwork(ctx, art.ID, title, description, altText, a.now); err != nil {
			return err
		}
		var err error
		if *art, err = a.Artwork(ctx, art.ID); err != nil {
			return err
		}
		return a.judge(ctx, art, false)
	})
}

// RevealByHand reveals a work of the caller now, whatever its conditions say.
// Again, it answers the same and tells nobody anything. NotFound, or Forbidden
// for anybody but the artist.
func (c *Curator) RevealByHand(ctx context.Context, who auth.Identity, id string) (gallery.Artwork, error) {
	return c.change(ctx, who, id, func(a *act, art *gallery.Artwork) error {
		return a.judge(ctx, art, true)
	})
}

// DeleteArtwork takes a work of the caller away, content and comments included;
// its sockets end. NotFound, or Forbidden for anybody but the artist.
func (c *Curator) DeleteArtwork(ctx context.Context, who auth.Identity, id string) error {
	art, err := c.change(ctx, who, id, func(a *act, art *gallery.Artwork) error {
		if err := a.DeleteArtwork(ctx, art.ID); err != nil {
			return err
		}
		return a.deleted(ctx, art.ID)
	})
	if err != nil {
		return err
	}
	c.removeBlob(ctx, art.ID)
	return nil
}

// change runs fn on a work of the caller, under its row lock.
func (c *Curator) change(ctx context.Context, who auth.Identity, id string, fn func(*act, *gallery.Artwork) error) (art gallery.Artwork, err error) {
	if err := signedIn(who); err != nil {
		return gallery.Artwork{}, err
	}
	if id, err = canonical("artwork", id); err != nil {
		return gallery.Artwork{}, err
	}
	err = c.write(ctx, func(a *act) error {
		account, err := c.standing(ctx, a.Tx, who)
		if err != nil {
			return err
		}
		if art, err = a.LockArtwork(ctx, id); err != nil {
			return err
		}
		if art.Artist.ID != account.ID {
			return gallery.Errorf(gallery.Forbidden, "Only its artist may do this to an artwork.")
		}
		return fn(a, &art)
	})
	if err != nil {
		return gallery.Artwork{}, err
	}
	c.clock.expect(art.Conditions)
	c.crowds.expect(art)
	return art, nil
}

// removeBlob removes the content of a work whose row is gone, or never came. The
// answer does not depend on it: what is left is an orphan for the janitor.
func (c *Curator) removeBlob(ctx context.Context, artworkID string) {
	ctx = context.WithoutCancel(ctx)
	// A commit that reports an error may have happened all the same, and a row
	// without its content could not be mended.
	_, err := c.Artwork(ctx, artworkID)
	if gallery.CodeOf(err) == gallery.NotFound {
		err = c.config.Vault.Remove(ctx, artworkID)
	}
	if err != nil {
		c.config.Log.ErrorContext(ctx, "content of a work is left behind", "artwork", artworkID, "error", err)
	}
}
