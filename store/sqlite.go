package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	_ "modernc.org/sqlite" // the driver
)

const driver = "sqlite"

// writerDSN says everything in the name of the database: a PRAGMA that is
// executed reaches one connection of the pool, and is forgotten when
// database/sql replaces it. BEGIN IMMEDIATE takes the write lock before the
// first read; a deferred transaction that turns into a writing one fails at
// once, without waiting, when another process wrote in between.
func writerDSN(file string) string {
	return dsn(file, url.Values{
		"_txlock":       {"immediate"},
		"_busy_timeout": {"5000"}, // ms; see attempts in tx.go
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
// missing one and inspects one that exists. It returns the absolute path.
func prepareFile(ctx context.Context, path string) (file string, err error) {
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
	case info.Size() == 0: // a start that was cut short
		return file, nil
	}
	return file, inspect(ctx, file)
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

// inspect looks at an existing file through a connection that cannot write.
func inspect(ctx context.Context, file string) (err error) {
	db, err := sql.Open(driver, readerDSN(file))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables, ours int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN name = $1 THEN 1 END)
		FROM sqlite_master WHERE type = 'table'`, versionTable).Scan(&tables, &ours); err != nil {
		return explain(err)
	}
	if ours == 0 {
		if tables > 0 {
			return errors.New("the file is the database of another program")
		}
		return nil
	}
	var version int64
	if err := db.QueryRowContext(ctx,
		"SELECT COALESCE(MAX(version_id), 0) FROM "+versionTable).Scan(&version); err != nil {
		return explain(err)
	}
	newest, err := newestVersion()
	if err != nil {
		return err
	}
	if version > newest {
		return fmt.Errorf("its schema (version %d) is newer than this program (version %d): update the program", version, newest)
	}
	return nil
}
