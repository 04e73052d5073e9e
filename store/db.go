package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// Options are the optional settings of [Open]; the zero value serves.
type Options struct {
	// Now is this machine's clock; time.Now when nil. [DB.Clock] corrects it.
	Now func() time.Time

	// Migrate says what Open does about a schema that is older than the
	// program.
	Migrate MigrateMode
}

// MigrateMode says who brings the schema up to date.
type MigrateMode int

const (
	MigrateAuto MigrateMode = iota // Open does
	MigrateOff                     // the operator does, with [Migrate]; until then Open refuses
)

// DB is the open store. It is safe for concurrent use, and several processes
// may have the same file open: whoever finds it locked waits.
type DB struct {
	// SQLite has one writer at a time. One connection makes the others queue
	// here, in order and without polling, instead of in its busy handler.
	writer *sql.DB
	reader *sql.DB
	engine engine
	now    func() time.Time
	offset atomic.Int64 // what has to be added to now, in ns
	full   atomic.Bool // the last write found no room
}

// Open opens the SQLite file at path, creating it (mode 0600) when there is
// none, and brings its schema up to date. It refuses, without having changed a
// byte of it, a file that is no database, one of another program, and one whose
// schema is newer than this program. Close the DB when done.
func Open(ctx context.Context, path string, opts Options) (*DB, error) {
	db, err := open(ctx, path, opts)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return db, nil
}

func open(ctx context.Context, path string, opts Options) (*DB, error) {
	file, err := prepareFile(ctx, path)
	if err != nil {
		return nil, err
	}
	db := &DB{now: opts.Now}
	if db.now == nil {
		db.now = time.Now
	}
	if db.writer, err = sql.Open(driver, writerDSN(file)); err != nil {
		return nil, err
	}
	db.writer.SetMaxOpenConns(1)
	if err := migrate(ctx, db.writer); err != nil {
		return nil, errors.Join(explain(err), db.writer.Close())
	}
	if db.reader, err = sql.Open(driver, readerDSN(file)); err != nil {
		return nil, errors.Join(err, db.writer.Close())
	}
	// Reads are CPU bound (the file is in the page cache); a few more than the
	// cores hide the odd one that is not.
	readers := max(4, runtime.GOMAXPROCS(0))
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close waits for running transactions and closes the store.
func (db *DB) Close() error {
	// The readers first: the last connection to close folds the write-ahead
	// log into the file, and a read-only one could not.
	if err := errors.Join(db.reader.Close(), db.writer.Close()); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Ping tells whether the store answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.reader.QueryRowContext(ctx, "SELECT 1 FROM announcement_head").Scan(&one); err != nil {
		return fmt.Errorf("ping store: %w", explain(err))
	}
	return nil
}

// Room tells whether there is room to write: it is nil unless the last write
// found none, and then it tries another, as large as the largest JSON body and
// forgotten at once, so that the answer changes by itself when there is room
// again. What fills the disk meanwhile only the next write finds out.
func (db *DB) Room(ctx context.Context) error {
	if !db.full.Load() {
		return nil
	}
	return db.Write(ctx, func(tx *Tx) error {
		var id string
		var at time.Time
		tx.stamp(&id, &at)
		if _, err := tx.exec(ctx, `INSERT INTO outbox (id, kind, payload, created_at) VALUES ($1, 'room', $2, $3)`,
			id, strings.Repeat("x", 64<<10), micros(at)); err != nil {
			return fmt.Errorf("try whether there is room: %w", err)
		}
		if _, err := tx.exec(ctx, `DELETE FROM outbox WHERE id = $1`, id); err != nil {
			return fmt.Errorf("try whether there is room: %w", err)
		}
		return nil
	})
}
