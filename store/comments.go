package store

import (
	"context"
	"fmt"

	"invisibleart.example/gallery"
)

const commentSelect = `SELECT c.id, c.artwork_id, u.id, u.username, c.content, c.created_at
	FROM comments c JOIN users u ON u.id = c.user_id`

func scanComment(r row) (c gallery.Comment, err error) {
	err = r.Scan(&c.ID, &c.ArtworkID, &c.User.ID, &c.User.Username, &c.Content, instant{&c.CreatedAt})
	return c, err
}

// AddComment adds a comment, of whose user only the ID counts, and returns how
// many its artwork has now. gallery.NotFound when the artwork or the user is
// gone.
func (tx *Tx) AddComment(ctx context.Context, c gallery.Comment) (count int64, err error) {
	found, err := tx.get(ctx, []any{&count},
		`UPDATE artworks SET comment_count = comment_count + 1 WHERE id = $1 RETURNING comment_count`, c.ArtworkID)
	if err != nil {
		return 0, fmt.Errorf("count comments of artwork %s: %w", c.ArtworkID, err)
	}
	if !found {
		return 0, notFound("artwork")
	}
	if _, err := tx.exec(ctx, `INSERT INTO comments (id, artwork_id, user_id, content, created_at)
		VALUES ($1, $2, $3, $4, $5)`, c.ID, c.ArtworkID, c.User.ID, c.Content, micros(c.CreatedAt)); err != nil {
		return 0, fmt.Errorf("add comment to artwork %s: %w", c.ArtworkID, err)
	}
	return count, nil
}

const commentList = "comments"

// Comments lists an artwork's comments, newest first, and the cursor of the
// next page ("" at the end). gallery.NotFound for an unknown artwork,
// gallery.Malformed for a cursor that is none.
func (tx *Tx) Comments(ctx context.Context, artworkID string, p gallery.Page) (list []gallery.Comment, next string, err error) {
	from, err := startOf(p, commentList)
	if err != nil {
		return nil, "", err
	}
	list, err = all(ctx, tx, scanComment, commentSelect+` WHERE c.artwork_id = $1 AND (c.created_at, c.id) < ($2, $3)
		ORDER BY c.created_at DESC, c.id DESC LIMIT $4`, artworkID, from.number, from.id, p.Size()+1)
	if err != nil {
		return nil, "", fmt.Errorf("list comments of artwork %s: %w", artworkID, err)
	}
	if len(list) == 0 { // none, or no artwork?
		if _, err := tx.ArtworkState(ctx, artworkID); err != nil {
			return nil, "", err
		}
	}
	list, next = cut(list, p.Size(), commentList, func(c gallery.Comment) place { return atTime(c.CreatedAt, c.ID) })
	return list, next, nil
}

// CommentByID finds a comment, and who may delete it besides its author: the
// artist of its artwork.
func (tx *Tx) CommentByID(ctx context.Context, id string) (c gallery.Comment, artistID string, err error) {
	found, err := tx.get(ctx, []any{&c.ID, &c.ArtworkID, &c.User.ID, &c.User.Username, &c.Content, instant{&c.CreatedAt}, &artistID},
		`SELECT c.id, c.artwork_id, u.id, u.username, c.content, c.created_at, a.artist_id
		FROM comments c JOIN users u ON u.id = c.user_id JOIN artworks a ON a.id = c.artwork_id WHERE c.id = $1`, id)
	if err != nil {
		return gallery.Comment{}, "", fmt.Errorf("read comment %s: %w", id, err)
	}
	if !found {
		return gallery.Comment{}, "", notFound("comment")
	}
	return c, artistID, nil
}

// DeleteComment removes a comment and counts it out of its artwork.
func (tx *Tx) DeleteComment(ctx context.Context, id string) error {
	c, _, err := tx.CommentByID(ctx, id)
	if err != nil {
		return err
	}
	n, err := tx.removeComments(ctx, c.ArtworkID, "id", id)
	if err == nil && n == 0 {
		return notFound("comment")
	}
	return err
}

// removeComments deletes the comments of an artwork whose column is value,
// under the artwork's lock, and counts them out.
func (tx *Tx) removeComments(ctx context.Context, artworkID, column, value string) (int64, error) {
	if err := tx.lock(ctx, artworkID); err != nil {
		return 0, err
	}
	n, err := tx.exec(ctx, `DELETE FROM comments WHERE artwork_id = $1 AND `+column+` = $2`, artworkID, value)
	if err != nil {
		return 0, fmt.Errorf("delete comments of artwork %s: %w", artworkID, err)
	}
	if _, err := tx.exec(ctx, `UPDATE artworks SET comment_count = comment_count - $2 WHERE id = $1`, artworkID, n); err != nil {
		return 0, fmt.Errorf("count comments of artwork %s: %w", artworkID, err)
	}
	return n, nil
}
