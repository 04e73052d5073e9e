package curator

import (
	"context"
	"fmt"
	"slices"

	"invisibleart.example/gallery"
)

// judge holds every condition of the artwork against its numbers as they are
// now, the act that brought us here included, writes what has changed, and
// reveals the artwork when the conditions say so or the artist's hand does.
// The caller holds the artwork's row lock; art is brought up to date.
func (a *act) judge(ctx context.Context, art *gallery.Artwork, byHand bool) error {
	now, err := a.present(ctx, art.Conditions)
	if err != nil {
		return fmt.Errorf("judge artwork %s: %w", art.ID, err)
	}
	// Reactions have their rule but no source yet, so they count nothing.
	judged, reveal := gallery.Judge(art.RevealWhen, art.Conditions, gallery.Tally{
		Now: now, Views: art.ViewCount, Comments: art.CommentCount, ConcurrentViewers: a.people,
	})
	if !slices.Equal(judged, art.Conditions) {
		if err := a.SaveConditions(ctx, art.ID, judged); err != nil {
			return fmt.Errorf("save conditions of artwork %s: %w", art.ID, err)
		}
		art.Conditions = judged
	}
	if art.IsRevealed() || !reveal && !byHand {
		return nil
	}
	won, err := a.Reveal(ctx, art.ID, a.now)
	if err != nil {
		return fmt.Errorf("reveal artwork %s: %w", art.ID, err)
	}
	if !won {
		// The row lock rules it out; the compare-and-set is what promises it.
		*art, err = a.Artwork(ctx, art.ID)
		return err
	}
	art.RevealedAt, art.UpdatedAt = a.now, a.now
	a.note(gallery.EventArtworkRevealed, *art, gallery.RevealSentence(art.Title),
		gallery.NotificationData{Type: gallery.ArtworkRevealed})
	return nil
}
