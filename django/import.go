package django

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
)

// Target is the gallery that is imported into. It may be serving meanwhile; its
// sockets are told nothing.
type Target struct {
	DB    *store.DB    // for a dry run nil when there is no gallery yet
	Vault *vault.Vault // not needed for a dry run
}

// Options are the settings of an import.
type Options struct {
	// EncryptionKey is the ENCRYPTION_KEY of the old gallery.
	EncryptionKey string
	// MediaRoot is its MEDIA_ROOT, where placeholder pictures lie. Empty: they
	// are left behind.
	MediaRoot string
	// Zone is its TIME_ZONE, for times that say none; nil: UTC. Times of rows in
	// SQLite are UTC whatever it is: that is how Django writes them (USE_TZ).
	Zone *time.Location
	// DryRun has everything read, decrypted and judged, and nothing written but
	// a temporary file.
	DryRun bool

	Log *slog.Logger     // progress; nil: none
	Now func() time.Time // nil: time.Now
}

// ErrWrongKey is the end of an import that has not begun: the encryption key
// opens none of the works.
var ErrWrongKey = errors.New("the encryption key opens none of the works: is it the ENCRYPTION_KEY of this gallery?")

// Import takes over everything that the old gallery holds. It may be run again:
// what was imported before is left as it is, also where it has changed in
// either gallery since, and what could not be imported is tried again. Rows
// that cannot be imported do not end it; they stand in the report. An error
// does: a wrong key (ErrWrongKey, nothing was written), or a database or vault
// that fails. Then too the report tells what was done until there.
//
// Each work is written in one transaction, with its views and comments. Two
// imports at the same time do no harm: each work is imported by one of them.
func Import(ctx context.Context, from *Gallery, to Target, o Options) (Report, error) {
	m := &move{from: from, to: to, options: o, now: time.Now, log: o.Log, zone: o.Zone,
		report: Report{DryRun: o.DryRun, Counts: map[Table]Count{}}}
	if o.Now != nil {
		m.now = o.Now
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.zone == nil {
		m.zone = time.UTC
	}
	err := m.run(ctx)
	if err != nil {
		err = fmt.Errorf("import from Django: %w", err)
	}
	return m.report, err
}

// move is one import under way.
type move struct {
	from    *Gallery
	to      Target
	options Options
	now     func() time.Time
	log     *slog.Logger
	zone    *time.Location
	media   *os.Root // nil without one

	// target is where rows are written. In a dry run that is a gallery of its
	// own in a temporary file, so that the rehearsal meets every clash that the
	// performance would; real is asked as well then, unless there is none.
	target, real *store.DB

	report Report
}

func (m *move) run(ctx context.Context) (err error) {
	if m.options.MediaRoot != "" {
		if m.media, err = os.OpenRoot(m.options.MediaRoot); err != nil {
			return fmt.Errorf("open the media root: %w", err)
		}
		defer m.media.Close()
	}
	if err := m.checkKey(ctx); err != nil {
		return err
	}
	m.target = m.to.DB
	if m.options.DryRun {
		end, err := m.rehearse(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end()) }()
	}
	if err := m.countAll(ctx); err != nil {
		return err
	}
	if err := m.users(ctx); err != nil {
		return err
	}
	return m.artworks(ctx)
}

// rehearse opens the gallery that a dry run writes to.
func (m *move) rehearse(ctx context.Context) (end func() error, err error) {
	folder, err := os.MkdirTemp("", "gallery-import-")
	if err != nil {
		return nil, fmt.Errorf("prepare the dry run: %w", err)
	}
	m.real = m.to.DB
	m.target, err = store.Open(ctx, filepath.Join(folder, "dry-run.db"), store.Options{Now: m.now})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return func() error { return errors.Join(m.target.Close(), os.RemoveAll(folder)) }, nil
}

// keySample is how many works are tried before a key is called wrong. Their ids
// are random, so the first are as good as any.
const keySample = 16

// checkKey finds out a wrong key before anything is written. A right one shows
// in the first work that opens to something known. Where none does, the padding
// decides: it comes out right in one of 256 works under a wrong key, and in all
// of them under the right one, even if each is of a type that is refused here.
func (m *move) checkKey(ctx context.Context) error {
	works, err := m.from.page(ctx, "artworks_artwork", "", keySample, []string{"id"})
	if err != nil {
		return err
	}
	sealed, padded := 0, 0
	for _, w := range works {
		_, err := m.examine(ctx, w["id"])
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errNoContent):
			// Says nothing of the key.
		case errors.Is(err, errSealed):
			sealed++
		case isRefusal(err):
			padded++
		default:
			return err
		}
	}
	if sealed > padded {
		return ErrWrongKey
	}
	return nil
}

// isRefusal tells a content that this gallery does not take from one that could
// not be read.
func isRefusal(err error) bool { return gallery.CodeOf(err) == gallery.Invalid }

// examine reads a content to its end and forgets it.
func (m *move) examine(ctx context.Context, id string) (contentType string, err error) {
	contentType, _, err = m.withContent(ctx, id, func(content io.Reader) (*vault.Sealing, error) {
		_, err := io.Copy(io.Discard, content)
		return nil, err
	})
	return contentType, err
}

// withContent decrypts the content of a work, tells what it is, and hands it to
// seal. It fails with errNoContent, errSealed, or Invalid for a content that is
// refused here; other errors are of whoever reads or writes.
func (m *move) withContent(ctx context.Context, id string, seal func(io.Reader) (*vault.Sealing, error)) (string, *vault.Sealing, error) {
	encrypted, err := m.from.contentOf(ctx, id, m.media)
	if err != nil {
		return "", nil, err
	}
	defer encrypted.Close()
	plain, err := decrypt(m.options.EncryptionKey, encrypted)
	if err != nil {
		return "", nil, err
	}
	inspected, err := vault.Inspect("content", plain, 0)
	if err == nil {
		var sealing *vault.Sealing
		if sealing, err = seal(inspected); err == nil {
			return inspected.ContentType, sealing, nil
		}
	}
	if isRefusal(err) {
		// Noise looks like a type that is refused: the padding tells.
		if _, end := io.Copy(io.Discard, plain); end != nil {
			return "", nil, end
		}
	}
	return "", nil, err
}

// countAll counts what there is, and reports the rows that belong to nothing:
// SQLite lets an artwork go and its rows stay.
func (m *move) countAll(ctx context.Context) error {
	for _, t := range []struct {
		table       Table
		name, whose string
	}{
		{Users, "accounts_user", ""},
		{Artworks, "artworks_artwork", ""},
		{Conditions, "artworks_revealcondition", "artwork_id"},
		{Views, "artworks_artworkview", "artwork_id"},
		{Comments, "artworks_comment", "artwork_id"},
	} {
		n, err := m.from.number(ctx, "SELECT COUNT(*) FROM "+t.name)
		if err != nil {
			return err
		}
		m.report.count(t.table, Count{Found: n})
		if t.whose == "" {
			continue
		}
		n, err = m.from.number(ctx, "SELECT COUNT(*) FROM "+t.name+
			" WHERE NOT EXISTS (SELECT 1 FROM artworks_artwork a WHERE a.id = "+t.name+"."+t.whose+")")
		if err != nil {
			return err
		}
		m.report.lose(t.table, "their artwork is gone", n)
	}
	return nil
}
