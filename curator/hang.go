package curator

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/vault"
)

// MaxPlaceholder is the size limit of a placeholder picture, in bytes.
const MaxPlaceholder = 2 << 20

// Submission is a work to be hung, as an edge has read it.
type Submission struct {
	Title, Description, AltText string

	When       gallery.RevealWhen // "": RevealAny
	Conditions []gallery.Condition
	Upload     *Upload // nil: the file is missing
	// Placeholder is the artist's own placeholder picture, nil for none.
	Placeholder []byte

	// Problems are places the edge could not even read, such as a condition of
	// an unknown type. They are reported together with what Hang finds; a
	// condition whose place stands among them is not looked at again, and may
	// be the zero Condition.
	Problems []gallery.FieldError
}

// Hang hangs a sealed work: from now on everybody sees its title and nobody
// sees it. Artists only. It is Invalid with every place that is wrong ("title",
// "description", "alt_text", "artwork_file", "placeholder_image",
// "reveal_conditions…", "reveal_when"). The upload is used up in any case: after a
// refusal nothing of it is left. The answer is given when work and row are
// durable, in this order.
func (c *Curator) Hang(ctx context.Context, who auth.Identity, s Submission) (art gallery.Artwork, err error) {
	defer s.Upload.Discard()
	if err := artist(who); err != nil {
		return gallery.Artwork{}, err
	}
	art, err = c.check(s)
	if err != nil {
		return gallery.Artwork{}, err
	}
	art.ID, art.ContentType, art.Seal = s.Upload.id, s.Upload.ContentType, s.Upload.sealing.Seal
	if err := s.Upload.sealing.Commit(); err != nil {
		return gallery.Artwork{}, fmt.Errorf("keep work %s: %w", art.ID, err)
	}
	defer s.Upload.done() // by then the row is there, or the blob is not
	if err := c.insert(ctx, who, &art, s.Placeholder); err != nil {
		c.removeBlob(ctx, art.ID)
		return gallery.Artwork{}, err
	}
	c.clock.expect(art.Conditions)
	return art, nil
}

func (c *Curator) insert(ctx context.Context, who auth.Identity, art *gallery.Artwork, placeholder []byte) error {
	if art.Placeholder != "" {
		if err := c.config.Vault.PutPlaceholder(ctx, art.ID, bytes.NewReader(placeholder)); err != nil {
			return fmt.Errorf("keep placeholder of work %s: %w", art.ID, err)
		}
	}
	return c.write(ctx, func(a *act) error {
		account, err := c.standing(ctx, a.Tx, who)
		if err != nil {
			return err
		}
		art.Artist = account.Ref()
		art.CreatedAt, art.UpdatedAt = a.now, a.now
		return a.InsertArtwork(ctx, *art)
	})
}

// check holds a submission against every rule and returns the work it makes.
func (c *Curator) check(s Submission) (gallery.Artwork, error) {
	places := places(s.Problems)
	art := gallery.Artwork{
		Title:       places.text("title", gallery.TitleText, s.Title),
		Description: places.text("description", gallery.DescriptionText, s.Description),
		AltText:     places.text("alt_text", gallery.DescriptionText, s.AltText),
		RevealWhen:  places.when(cmp.Or(s.When, gallery.RevealAny)),
		Conditions:  places.conditions(s.Conditions, c.instant()),
		Placeholder: places.placeholder(s.Placeholder),
		Reactions:   map[string]int64{},
	}
	if (s.Upload == nil || s.Upload.sealing == nil) && !places.has("artwork_file") {
		places.add("artwork_file", "is missing")
	}
	return art, places.err()
}

// placeholder tells the media type of a placeholder picture.
func (p *places) placeholder(picture []byte) string {
	const location = "placeholder_image"
	if picture == nil || p.has(location) {
		return ""
	}
	if len(picture) > MaxPlaceholder {
		p.add(location, "must have at most %d MiB", MaxPlaceholder>>20)
		return ""
	}
	inspected, err := vault.Inspect(location, bytes.NewReader(picture), MaxPlaceholder)
	switch {
	case err != nil:
		p.add(location, "is not a picture that can be shown")
	case !vault.IsPicture(inspected.ContentType):
		p.add(location, "must be a JPEG, PNG, GIF or WebP picture")
	default:
		return inspected.ContentType
	}
	return ""
}
