package django

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
)

// artworkPage is how many artworks, without their contents, are read at once.
const artworkPage = 100

// artworks imports the works with all that belongs to them, one by one.
func (m *move) artworks(ctx context.Context) error {
	columns := []string{"id", "title", "description", "placeholder_image", "content_type",
		"is_revealed", "view_count", "created_at", "updated_at", "artist_id"}
	said := m.now()
	for after := ""; ; {
		page, err := m.from.page(ctx, "artworks_artwork", after, artworkPage, columns)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1]["id"]
		there, artists, err := m.known(ctx, page)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := m.artwork(ctx, r, there, artists); err != nil {
				return fmt.Errorf("import artwork %s: %w", r["id"], err)
			}
			if now := m.now(); now.Sub(said) > 5*time.Second {
				said = now
				c := m.report.Counts[Artworks]
				m.log.Info("importing the artworks", "imported", c.Imported, "found", c.Found)
			}
		}
	}
}

// known looks a page's artworks and artists up.
func (m *move) known(ctx context.Context, page []record) (there, artists map[string]bool, err error) {
	var ids, users []string
	for _, r := range page {
		id, _ := idOf(Artworks, r["id"])
		ids, users = append(ids, id), append(users, userID(r["artist_id"]))
	}
	look := func(tx *store.Tx) (err error) {
		there, err = tx.HasArtworks(ctx, ids)
		return err
	}
	db := m.target
	if m.real != nil {
		db = m.real // the dry run meets each artwork once
	}
	if err := db.Read(ctx, look); err != nil {
		return nil, nil, err
	}
	err = m.target.Read(ctx, func(tx *store.Tx) (err error) {
		artists, err = tx.HasUsers(ctx, users)
		return err
	})
	return there, artists, err
}

// work is an artwork under way.
type work struct {
	row     record
	art     gallery.Artwork
	sealing *vault.Sealing // nil in a dry run
	kept    bool           // the sealing is committed
	report  Report         // counts once the work hangs
}

// artwork imports one work, or reports why not. Only failures of a database or
// the vault are errors.
func (m *move) artwork(ctx context.Context, r record, there, artists map[string]bool) error {
	id, isUUID := idOf(Artworks, r["id"])
	artist := userID(r["artist_id"])
	switch {
	case there[id]:
		return m.skip(ctx, r)
	case !artists[artist]:
		return m.leave(ctx, r, "its artist is not here", "artist "+r["artist_id"])
	}
	w := &work{row: r, report: Report{Counts: map[Table]Count{}}}
	w.art = gallery.Artwork{ID: id, Artist: gallery.UserRef{ID: artist}, RevealWhen: gallery.RevealAny}
	if !isUUID {
		w.report.change(Artworks, r["id"], "an id that is no UUID", "is "+id+" here")
	}
	m.describe(w)
	if err := m.conditions(ctx, w); err != nil {
		return err
	}
	defer func() {
		if w.sealing != nil {
			_ = w.sealing.Abort() // of a work that hangs it does nothing
		}
	}()
	switch err := m.seal(ctx, w); {
	case isRefusal(err):
		return m.leave(ctx, r, "its content is refused here", refusal(err))
	case errors.Is(err, errSealed), errors.Is(err, errNoContent):
		return m.leave(ctx, r, "its content cannot be opened", err.Error())
	case err != nil:
		return err
	}
	if err := m.picture(ctx, w); err != nil {
		return err
	}
	return m.hang(ctx, w)
}

// describe takes over what the artwork's own row says.
func (m *move) describe(w *work) {
	r, a := w.row, &w.art
	var why string
	if a.Title, why = fit(r["title"], 255, gallery.TitleText); a.Title == "" {
		a.Title = "Untitled"
	}
	if why != "" {
		w.report.change(Artworks, r["id"], "the title: "+why, fmt.Sprintf("%q", firstRunes(a.Title, 60)))
	}
	if a.Description, why = fit(r["description"], 5000, gallery.DescriptionText); why != "" {
		w.report.change(Artworks, r["id"], "the description: "+why, "")
	}
	a.CreatedAt = m.firstTime(r["created_at"])
	a.ViewsBefore, _ = wholeNumber(r["view_count"]) // nothing, if it is none
	a.UpdatedAt = m.firstTime(r["updated_at"], r["created_at"])
}

// seal decrypts the content and seals it anew while it streams.
func (m *move) seal(ctx context.Context, w *work) (err error) {
	w.art.ContentType, w.sealing, err = m.withContent(ctx, w.row["id"], func(content io.Reader) (*vault.Sealing, error) {
		if !m.options.DryRun {
			return m.to.Vault.Seal(ctx, w.art.ID, content)
		}
		_, err := io.Copy(io.Discard, content)
		return nil, err
	})
	if err != nil {
		return err
	}
	if w.sealing != nil {
		w.art.Seal = w.sealing.Seal
	}
	said, _, _ := strings.Cut(strings.ToLower(w.row["content_type"]), ";")
	if is, _, _ := strings.Cut(w.art.ContentType, ";"); strings.Contains(said, "/") && strings.TrimSpace(said) != is {
		w.report.change(Artworks, w.row["id"], "a content type that its bytes do not bear out", said+" is "+is)
	}
	return nil
}

// refusal is what is wrong with a content, for the report.
func refusal(err error) string {
	if e, ok := errors.AsType[*gallery.Error](err); ok && len(e.Fields) > 0 {
		return "it " + e.Fields[0].Message
	}
	return err.Error()
}

// hang writes a work with everything that belongs to it in one transaction.
// The row comes first and the sealed bytes last: of two imports at the same
// time one waits for the other's row and then gives up, before its bytes could
// take the place of those that the row's key opens.
func (m *move) hang(ctx context.Context, w *work) error {
	var report Report
	err := m.target.Write(ctx, func(tx *store.Tx) error {
		report = Report{Counts: map[Table]Count{}}
		if err := tx.InsertArtwork(ctx, w.art); err != nil {
			return err
		}
		if err := m.views(ctx, tx, &report, w); err != nil {
			return err
		}
		if err := m.comments(ctx, tx, &report, w); err != nil {
			return err
		}
		if err := m.progress(ctx, tx, &report, w); err != nil {
			return err
		}
		if w.sealing == nil || w.kept {
			return nil
		}
		err := w.sealing.Commit()
		w.kept = err == nil
		return err
	})
	if err != nil {
		if m.hangs(ctx, w.art.ID) {
			return m.skip(ctx, w.row)
		}
		return err
	}
	m.report.merge(w.report)
	m.report.merge(report)
	m.report.count(Artworks, Count{Imported: 1})
	return nil
}

// hangs tells whether another import hung the work meanwhile.
func (m *move) hangs(ctx context.Context, id string) bool {
	var known map[string]bool
	err := m.target.Read(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.HasArtworks(ctx, []string{id})
		return err
	})
	return err == nil && known[id]
}

// progress counts the views and comments, and writes how far that takes the
// conditions. None becomes met by it: the first act that follows judges them,
// and then the reveal is told to those who wait for it.
func (m *move) progress(ctx context.Context, tx *store.Tx, report *Report, w *work) error {
	views, comments, err := tx.CountImported(ctx, w.art.ID)
	if err != nil {
		return err
	}
	now := m.now()
	judged, reveals := gallery.Judge(gallery.RevealAny, w.art.Conditions, gallery.Tally{Now: now, Views: views, Comments: comments})
	if reveals && !w.art.IsRevealed() {
		why := "hidden, though a condition is met: the next view or comment reveals it"
		for i, c := range judged {
			if c.Measure == gallery.MeasureTime && c.IsMet && !w.art.Conditions[i].IsMet {
				why = "hidden, though its time has come: the gallery's clock reveals it at once"
			}
		}
		report.note(Artworks, w.row["id"], why, fmt.Sprintf("%q", firstRunes(w.art.Title, 60)))
	}
	for i := range judged {
		judged[i].IsMet = w.art.Conditions[i].IsMet
	}
	return tx.SaveConditions(ctx, w.art.ID, judged)
}

// skip counts a work that was imported before, with all that belongs to it.
func (m *move) skip(ctx context.Context, r record) error {
	m.report.count(Artworks, Count{There: 1})
	return m.rest(ctx, r, func(t Table, n int64) { m.report.count(t, Count{There: n}) })
}

// leave reports a work that is not imported, and with it all that belongs to it.
func (m *move) leave(ctx context.Context, r record, why, detail string) error {
	m.report.leave(Artworks, r["id"], why, detail)
	return m.rest(ctx, r, func(t Table, n int64) { m.report.lose(t, "their artwork was not imported", n) })
}

// rest counts what belongs to a work.
func (m *move) rest(ctx context.Context, r record, count func(Table, int64)) error {
	for _, t := range []struct {
		table Table
		name  string
	}{
		{Conditions, "artworks_revealcondition"}, {Views, "artworks_artworkview"}, {Comments, "artworks_comment"},
	} {
		n, err := m.from.number(ctx, "SELECT COUNT(*) FROM "+t.name+" WHERE artwork_id = "+m.from.param(t.name, "artwork_id"), r["id"])
		if err != nil {
			return err
		}
		count(t.table, n)
	}
	if r["placeholder_image"] != "" {
		m.report.count(Placeholders, Count{Found: 1})
		count(Placeholders, 1)
	}
	return nil
}
