package django

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver of a source in a file

	"invisibleart.example/gallery/store"
)

// Gallery is an old gallery, opened for reading. Everything that is read of it
// is one state, that of the moment it was opened: rows that its Django writes
// meanwhile are not seen. It is for one goroutine. Close it after use.
type Gallery struct {
	db *sql.DB
	tx *sql.Tx
	// types are the columns there are, by table, with their types; those of the
	// ids are needed to compare them with a parameter.
	types map[string]map[string]string
	typed bool // PostgreSQL: parameters have to be of the column's type
}

// wanted is what Import reads, by table (the columns of the issue's own stack;
// what else stands there is of no use here).
func wanted() map[string][]string {
	return map[string][]string{
		"accounts_user": {"id", "password", "is_superuser", "username", "is_active", "date_joined", "email",
			"profile_picture", "bio", "is_artist", "created_at"},
		"artworks_artwork": {"id", "title", "description", "encrypted_content", "placeholder_image", "content_type",
			"is_revealed", "view_count", "created_at", "updated_at", "artist_id"},
		"artworks_revealcondition": {"id", "condition_type", "condition_value", "is_met", "created_at", "updated_at", "artwork_id"},
		"artworks_artworkview":     {"id", "viewed_at", "artwork_id", "viewer_id"},
		"artworks_comment":         {"id", "content", "created_at", "artwork_id", "user_id"},
	}
}

// Open opens the database of an old gallery: the path of an SQLite file, or a
// postgres:// URL. It fails when there is none, and when tables or columns are
// missing, naming them. Errors never hold the password of a URL. ctx must stay
// alive for as long as the Gallery is read.
//
// The snapshot holds up nobody in PostgreSQL and in an SQLite file in WAL mode;
// in the other modes of SQLite, Django's default among them, the old gallery
// cannot write until the Gallery is closed.
func Open(ctx context.Context, source string) (*Gallery, error) {
	g, err := open(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("open the old gallery %s: %w", called(source), err)
	}
	return g, nil
}

// called is the source without what may be secret in it.
func called(source string) string {
	if !store.IsPostgreSQL(source) {
		return source
	}
	u, err := url.Parse(source)
	if err != nil {
		return "in PostgreSQL"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

func open(ctx context.Context, source string) (g *Gallery, err error) {
	g = &Gallery{}
	begin := &sql.TxOptions{ReadOnly: true}
	if store.IsPostgreSQL(source) {
		g.typed, begin.Isolation = true, sql.LevelRepeatableRead
		g.db, err = openPostgreSQL(source)
	} else {
		g.db, err = openFile(source)
	}
	if err != nil {
		return nil, err
	}
	// One connection: the snapshot is its transaction's.
	if g.tx, err = g.db.BeginTx(ctx, begin); err != nil {
		return nil, errors.Join(err, g.db.Close())
	}
	if err := g.prepare(ctx); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

func openFile(path string) (*sql.DB, error) {
	file, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	switch info, err := os.Stat(file); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	}
	if file = filepath.ToSlash(file); !strings.HasPrefix(file, "/") {
		file = "/" + file // C:/… becomes file:///C:/…
	}
	options := url.Values{"mode": {"ro"}, "_query_only": {"1"}, "_busy_timeout": {"5000"}, "_dqs": {"0"}}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Path: file, RawQuery: options.Encode()}).String())
}

func openPostgreSQL(source string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(source)
	if err != nil {
		// The driver's own words may quote a password it did not recognize.
		return nil, errors.New("the address cannot be read: want postgres://user:password@host:port/database")
	}
	config.RuntimeParams["application_name"] = "gallery import django"
	return stdlib.OpenDB(*config), nil
}

func (g *Gallery) prepare(ctx context.Context) error {
	if g.typed {
		// Times are read as text: in one zone and one spelling, whatever the
		// server's defaults. Reading a large work may take longer than a server
		// for web pages lets a statement take, and sealing it longer than a
		// transaction may be idle. Not at the connection's start: pgbouncer
		// refuses what it does not know there.
		for _, setting := range []string{"TimeZone = 'UTC'", "DateStyle = 'ISO'", "statement_timeout = 0",
			"idle_in_transaction_session_timeout = 0"} {
			if _, err := g.tx.ExecContext(ctx, "SET LOCAL "+setting); err != nil {
				return err
			}
		}
	}
	return g.look(ctx)
}

// Close ends the snapshot.
func (g *Gallery) Close() error {
	// Nothing was written that could be lost, and after the end of ctx there is
	// no transaction any more.
	_ = g.tx.Rollback()
	if err := g.db.Close(); err != nil {
		return fmt.Errorf("close the old gallery: %w", err)
	}
	return nil
}

// look finds out which tables and columns there are, and refuses a database
// that is not one of the old stack.
func (g *Gallery) look(ctx context.Context) error {
	query := `SELECT m.name, p.name, p.type FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.name = $1`
	if g.typed {
		query = `SELECT CAST($1 AS text), attname, format_type(atttypid, atttypmod) FROM pg_attribute
			WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`
	}
	g.types = map[string]map[string]string{}
	var missing []string
	for _, table := range sortedKeys(wanted()) {
		columns := map[string]string{}
		err := g.each(ctx, query, []any{table}, 3, func(r []string) error {
			columns[r[1]] = r[2]
			return nil
		})
		if err != nil {
			return err
		}
		g.types[table] = columns
		if len(columns) == 0 {
			missing = append(missing, "the table "+table)
			continue
		}
		for _, column := range wanted()[table] {
			if _, ok := columns[column]; !ok {
				missing = append(missing, table+"."+column)
			}
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("it is no gallery of Django's: it lacks %s", strings.Join(missing, ", "))
	}
	return nil
}
