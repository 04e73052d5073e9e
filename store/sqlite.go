package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver
)

const driver = "sqlite"

// sqliteEngine has no patience of its own: who waits, waits for the lock, 5 s
// in each attempt, and a read waits for nobody.
func sqliteEngine() engine {
	return engine{
		reads:    &sql.TxOptions{ReadOnly: true},
		attempts: 3,
		tables:   "SELECT name FROM sqlite_master WHERE type = 'table'",
	}
}

// openSQLite opens the file at path and returns the version that its schema
// had.
func (db *DB) openSQLite(ctx context.Context, path string, opts Options) (version int64, err error) {
	db.engine = sqliteEngine()
	file, err := prepareFile(path)
	if err != nil {
		return 0, err
	}
	before, err := inspect(ctx, file)
	if err != nil {
		return 0, db.explain(ctx, err)
	}
	if err := before.check(opts.Migrate); err != nil {
		return 0, err
	}
	if db.writer, err = sql.Open(driver, writerDSN(file)); err != nil {
		return 0, err
	}
	db.writer.SetMaxOpenConns(1)
	if err := migrateSQLite(ctx, db.writer); err != nil {
		return 0, db.explain(ctx, err)
	}
	if db.reader, err = sql.Open(driver, readerDSN(file)); err != nil {
		return 0, err
	}
	// Reads are CPU bound (the file is in the page cache); a few more than the
	// cores hide the odd one that is not.
	readers := max(4, runtime.GOMAXPROCS(0))
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	return before.version, nil
}

// migrateSQLite brings the schema up to date. Two processes may start on the
// same fresh file: each migration is one transaction that takes the write lock
// first, so one of them wins and the other fails on what already exists. The
// loser looks again, and again for each migration that the other one is at.
func migrateSQLite(ctx context.Context, db *sql.DB) error {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		err := migrate(ctx, db, goose.DialectSQLite3, migrations)
		if err == nil {
			return nil
		}
		lost := faultOf(err) == faultBusy || strings.Contains(err.Error(), "already exists") || strings.Contains(err.Error(), "duplicate column")
		if !lost || attempt == attempts || ctx.Err() != nil {
			return err
		}
	}
}

// writerDSN says everything in the name of the database: a PRAGMA that is
// executed reaches one connection of the pool, and is forgotten when
// database/sql replaces it. BEGIN IMMEDIATE takes the write lock before the
// first read; a deferred transaction that turns into a writing one fails at
// once, without waiting, when another process wrote in between.
func writerDSN(file string) string {
	return dsn(file, url.Values{
		"_txlock":       {"immediate"},
		"_busy_timeout": {"5000"}, // ms; see attempts above
		"_pragma": {
			"journal_mode(WAL)",
			"synchronous(FULL)", // NORMAL would lose acknowledged commits with the power
			"foreign_keys(1)",
			"journal_size_limit(67108864)", // a burst's log does not stay on the disk for ever
		},
	})
}

// readerDSN cannot write, whatever statement is sent through it.
func readerDSN(file string) string {
	return dsn(file, url.Values{
		"mode":          {"ro"},
		"_query_only":   {"1"},
		"_busy_timeout": {"5000"},
	})
}

func dsn(file string, options url.Values) string {
	options.Set("_dqs", "0")       // a misspelt column is an error, never a string
	options.Set("_error_rc", "1")  // no stale message of another operation
	options.Set("_defensive", "1") // no statement of ours edits the schema by hand
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/… becomes file:///C:/…
	}
	// The file: form, escaped: a plain name would lose mode=ro, and be cut at
	// a question mark in the path.
	return (&url.URL{Scheme: "file", Path: path, RawQuery: options.Encode()}).String()
}

// prepareFile makes sure that path is a file we may write to: it creates a
// missing one. It returns the absolute path.
func prepareFile(path string) (file string, err error) {
	if file, err = filepath.Abs(path); err != nil {
		return "", err
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file, createFile(file)
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	}
	return file, nil
}

// createFile makes the file before SQLite can, which would make it readable
// for everybody; -wal and -shm take their mode from it.
func createFile(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

// syncDir keeps a new file's name through a power cut; SQLite does so only for
// its journals.
func syncDir(path string) error {
	if runtime.GOOS == "windows" { // has no such thing
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// inspect looks at an existing file through a connection that cannot write. An
// empty one, left by a start that was cut short, is as good as none.
func inspect(ctx context.Context, file string) (s schema, err error) {
	db, err := sql.Open(driver, readerDSN(file))
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return sqliteEngine().schema(ctx, db)
}
