package django

import (
	"context"
	"strconv"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// rowBatch is how many views or comments are written at once.
const rowBatch = 1000

// views imports who has looked at a work: each person once, with the first
// look. The artist's own looks and anonymous ones count nothing here.
func (m *move) views(ctx context.Context, tx *store.Tx, report *Report, w *work) error {
	const table = "artworks_artworkview"
	where := " WHERE artwork_id = " + m.from.param(table, "artwork_id")
	anonymous, err := m.from.number(ctx, "SELECT COUNT(*) FROM "+table+where+" AND viewer_id IS NULL", w.row["id"])
	if err != nil {
		return err
	}
	report.number(Noted, Views, "anonymous views do not count here", anonymous)
	var batch []store.View
	flush := func() error {
		err := m.viewBatch(ctx, tx, report, w, batch)
		batch = batch[:0]
		return err
	}
	err = m.from.each(ctx, "SELECT CAST(viewer_id AS TEXT), CAST(MIN(viewed_at) AS TEXT), CAST(COUNT(*) AS TEXT) FROM "+
		table+where+" AND viewer_id IS NOT NULL GROUP BY viewer_id", []any{w.row["id"]}, 3, func(r []string) error {
		looks, err := strconv.ParseInt(r[2], 10, 64)
		if err != nil {
			return err
		}
		viewer := userID(r[0])
		if viewer == w.art.Artist.ID {
			report.number(Noted, Views, "the artist's own views do not count here", looks)
			return nil
		}
		report.number(Noted, Views, "repeated views count once here", looks-1)
		if batch = append(batch, store.View{ViewerID: viewer, At: m.firstTime(r[1])}); len(batch) < rowBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func (m *move) viewBatch(ctx context.Context, tx *store.Tx, report *Report, w *work, batch []store.View) error {
	ids := make([]string, len(batch))
	for i, v := range batch {
		ids[i] = v.ViewerID
	}
	known, err := tx.HasUsers(ctx, ids)
	if err != nil {
		return err
	}
	views := make([]store.View, 0, len(batch))
	for _, v := range batch {
		if known[v.ViewerID] {
			views = append(views, v)
		}
	}
	report.lose(Views, "their viewer is not here", int64(len(batch)-len(views)))
	report.count(Views, Count{Imported: int64(len(views))})
	return tx.ImportViews(ctx, w.art.ID, views)
}

// comments imports what was said about a work.
func (m *move) comments(ctx context.Context, tx *store.Tx, report *Report, w *work) error {
	const table = "artworks_comment"
	var batch []record
	flush := func() error {
		err := m.commentBatch(ctx, tx, report, w, batch)
		batch = batch[:0]
		return err
	}
	err := m.from.records(ctx, table, "WHERE artwork_id = "+m.from.param(table, "artwork_id")+" ORDER BY artworks_comment.id",
		[]any{w.row["id"]}, []string{"id", "content", "created_at", "user_id"}, func(r record) error {
			if batch = append(batch, r); len(batch) < rowBatch {
				return nil
			}
			return flush()
		})
	if err != nil {
		return err
	}
	return flush()
}

func (m *move) commentBatch(ctx context.Context, tx *store.Tx, report *Report, w *work, rows []record) error {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = userID(r["user_id"])
	}
	known, err := tx.HasUsers(ctx, ids)
	if err != nil {
		return err
	}
	var comments []gallery.Comment
	for i, r := range rows {
		text, why := fit(r["content"], 2000, gallery.CommentText)
		switch {
		case !known[ids[i]]:
			report.leave(Comments, r["id"], "who wrote it is not here", "user "+r["user_id"])
			continue
		case text == "":
			report.leave(Comments, r["id"], "it "+why, "")
			continue
		case why != "":
			report.change(Comments, r["id"], why, "")
		}
		id, _ := idOf(Comments, r["id"])
		comments = append(comments, gallery.Comment{ID: id, User: gallery.UserRef{ID: ids[i]}, Content: text, CreatedAt: m.firstTime(r["created_at"])})
	}
	report.count(Comments, Count{Imported: int64(len(comments))})
	return tx.ImportComments(ctx, w.art.ID, comments)
}
