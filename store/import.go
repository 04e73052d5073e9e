package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"invisibleart.example/gallery"
)

// What an import from another gallery needs besides CreateUser, InsertArtwork
// and SaveConditions: many rows at once, each with its own time, and nobody is
// told.

// HasUsers tells which of the ids are users: true for those, nothing for the
// others.
func (tx *Tx) HasUsers(ctx context.Context, ids []string) (map[string]bool, error) {
	known := make(map[string]bool, len(ids))
	for chunk := range batches(ids) {
		found, err := all(ctx, tx, scanText, `SELECT id FROM users WHERE id IN (`+marks(1, len(chunk))+`)`, anys(chunk)...)
		if err != nil {
			return nil, fmt.Errorf("look for %d users: %w", len(ids), err)
		}
		for _, id := range found {
			known[id] = true
		}
	}
	return known, nil
}

// Taken tells whether somebody other than id has the username or the address,
// by the rule of CreateUser: ignoring case and compatibility forms.
func (tx *Tx) Taken(ctx context.Context, id, username, email string) (name, address bool, err error) {
	fields, err := tx.taken(ctx, id, username, email)
	for _, f := range fields {
		name = name || f.Location == "username"
		address = address || f.Location == "email"
	}
	return name, address, err
}

// View is somebody's first look at an artwork.
type View struct {
	ViewerID string
	At       time.Time
}

// importBatch is how many rows go into one statement. SQLite looks each $n up
// among all those before it: ten times the rows cost ten times as much each.
const importBatch = 100

// ImportViews adds views without counting them; [Tx.CountImported] does that
// after the last. The viewers must exist, and the artist is the caller's to
// leave out; who has viewed the artwork before is left out here.
func (tx *Tx) ImportViews(ctx context.Context, artworkID string, views []View) error {
	for chunk := range slices.Chunk(views, importBatch) {
		args := make([]any, 0, 3*len(chunk))
		for _, v := range chunk {
			args = append(args, artworkID, v.ViewerID, micros(v.At))
		}
		if _, err := tx.exec(ctx, `INSERT INTO views (artwork_id, viewer_id, viewed_at) VALUES `+
			tuples(len(chunk), 3)+` ON CONFLICT DO NOTHING`, args...); err != nil {
			return fmt.Errorf("import %d views of artwork %s: %w", len(chunk), artworkID, err)
		}
	}
	return nil
}

// ImportComments adds comments to an artwork, whose ids must be new, without
// counting them, as ImportViews does. Of their users only the ID counts.
func (tx *Tx) ImportComments(ctx context.Context, artworkID string, comments []gallery.Comment) error {
	for chunk := range slices.Chunk(comments, importBatch) {
		args := make([]any, 0, 5*len(chunk))
		for _, c := range chunk {
			args = append(args, c.ID, artworkID, c.User.ID, c.Content, micros(c.CreatedAt))
		}
		if _, err := tx.exec(ctx, `INSERT INTO comments (id, artwork_id, user_id, content, created_at) VALUES `+
			tuples(len(chunk), 5), args...); err != nil {
			return fmt.Errorf("import %d comments of artwork %s: %w", len(chunk), artworkID, err)
		}
	}
	return nil
}

// CountImported sets an artwork's counts to the views and comments that stand,
// and returns them.
func (tx *Tx) CountImported(ctx context.Context, artworkID string) (views, comments int64, err error) {
	found, err := tx.get(ctx, []any{&views, &comments}, `UPDATE artworks SET
		view_count = (SELECT COUNT(*) FROM views WHERE artwork_id = $1),
		comment_count = (SELECT COUNT(*) FROM comments WHERE artwork_id = $1)
		WHERE id = $1 RETURNING view_count, comment_count`, artworkID)
	if err != nil {
		return 0, 0, fmt.Errorf("count what was imported of artwork %s: %w", artworkID, err)
	}
	if !found {
		return 0, 0, notFound("artwork")
	}
	return views, comments, nil
}

// tuples writes the parameters of n rows: "($1, $2), ($3, $4)".
func tuples(n, columns int) string {
	var b strings.Builder
	for i := range n * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + ")"
}
