package curator

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

// Comment says something about a work. Its artist is notified, unless it is
// their own comment; for the conditions it counts all the same. NotFound for an
// unknown work, Invalid at "content".
func (c *Curator) Comment(ctx context.Context, who auth.Identity, artworkID, text string) (comment gallery.Comment, err error) {
	if err := signedIn(who); err != nil {
		return gallery.Comment{}, err
	}
	if artworkID, err = canonical("artwork", artworkID); err != nil {
		return gallery.Comment{}, err
	}
	var places places
	text = places.text("content", gallery.CommentText, text)
	if err := places.err(); err != nil {
		return gallery.Comment{}, err
	}
	err = c.write(ctx, func(a *act) error {
		account, err := c.standing(ctx, a.Tx, who)
		if err != nil {
			return err
		}
		art, err := a.LockArtwork(ctx, artworkID)
		if err != nil {
			return err
		}
		comment = gallery.Comment{
			ID: newID(), ArtworkID: art.ID, User: account.Ref(), Content: text, CreatedAt: a.now,
		}
		if art.CommentCount, err = a.AddComment(ctx, comment); err != nil {
			return err
		}
		if art.Artist.ID != account.ID {
			a.note(gallery.EventNewComment, art, gallery.CommentSentence(art.Title), gallery.NotificationData{
				Type: gallery.NewComment, CommentID: comment.ID, User: account.Username,
			})
		}
		return a.judge(ctx, &art, false)
	})
	if err != nil {
		return gallery.Comment{}, err
	}
	return comment, nil
}

// Comments lists what was said about a work. NotFound for an unknown work.
func (c *Curator) Comments(ctx context.Context, artworkID string, page gallery.Page) (list []gallery.Comment, next string, err error) {
	if artworkID, err = canonical("artwork", artworkID); err != nil {
		return nil, "", err
	}
	err = c.read(ctx, func(tx *store.Tx) error {
		list, next, err = tx.Comments(ctx, artworkID, page)
		return err
	})
	return list, next, err
}

// DeleteComment takes a comment back. Its author, the artwork's artist and
// administrators may (others: Forbidden). Conditions keep what they had reached.
func (c *Curator) DeleteComment(ctx context.Context, who auth.Identity, id string) (err error) {
	if err := signedIn(who); err != nil {
		return err
	}
	if id, err = canonical("comment", id); err != nil {
		return err
	}
	return c.write(ctx, func(a *act) error {
		account, err := c.standing(ctx, a.Tx, who)
		if err != nil {
			return err
		}
		comment, artistID, err := a.CommentByID(ctx, id)
		if err != nil {
			return err
		}
		if account.ID != comment.User.ID && account.ID != artistID && !account.IsAdmin {
			return gallery.Errorf(gallery.Forbidden, "Only its author, the artist and administrators may delete a comment.")
		}
		// The count stands in the artwork's row: same order of locks as Comment.
		if _, err := a.LockArtwork(ctx, comment.ArtworkID); err != nil {
			return err
		}
		return a.DeleteComment(ctx, id)
	})
}
