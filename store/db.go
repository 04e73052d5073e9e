package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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

	// Patience is how long a transaction with PostgreSQL may take in all, 10 s
	// when 0: its wait for a connection and its attempts included. A request
	// must not hang on a server that no longer answers; a command that moves
	// many rows at once may want to.
	Patience time.Duration
}

// MigrateMode says who brings the schema up to date.
type MigrateMode int

const (
	MigrateAuto MigrateMode = iota // Open does
	MigrateOff                     // the operator does, with [Migrate]; until then Open refuses
)

// DB is the open store. It is safe for concurrent use, and several processes
// may have the same database open.
type DB struct {
	// SQLite has one writer at a time: one connection makes the others queue
	// here, in order and without polling, instead of in its busy handler. With
	// PostgreSQL both are pools: writers that wait for a row's lock must not
	// keep readers, who wait for nobody, from their connections.
	writer *sql.DB
	reader *sql.DB
	engine engine
	now    func() time.Time
	offset atomic.Int64 // what has to be added to now, in ns
	full   atomic.Bool  // the last write found no room
}

// Open opens the store that source names and brings its schema up to date. It
// refuses, without having changed a byte of it, the database of another
// program, and one whose schema is newer than this program.
//
// The path of a file is an SQLite database, created (mode 0600) when there is
// none. A URL, postgres://user:password@host:port/database, is a database on a
// PostgreSQL server, version 14 or later, which has to exist and to answer;
// what else the URL may say is what libpq understands. No error quotes the
// password.
//
// Close the DB when done.
func Open(ctx context.Context, source string, opts Options) (*DB, error) {
	db, _, err := open(ctx, source, opts)
	return db, err
}

// Migrate brings the schema of a store up to date, as [Open] does unless
// opts.Migrate is MigrateOff, and returns the versions before and after: equal
// when there was nothing to do, from 0 for a fresh store. Nodes of the version
// before may go on running. It refuses what Open refuses.
func Migrate(ctx context.Context, source string, opts Options) (from, to int64, err error) {
	opts.Migrate = MigrateAuto
	db, from, err := open(ctx, source, opts)
	if err != nil {
		return 0, 0, err
	}
	if to, err = newestVersion(); err != nil {
		return 0, 0, errors.Join(err, db.Close())
	}
	return from, to, db.Close()
}

// IsPostgreSQL tells whether a source is the URL of a PostgreSQL database; else
// it is the path of a file.
func IsPostgreSQL(source string) bool {
	return strings.HasPrefix(source, "postgres://") || strings.HasPrefix(source, "postgresql://")
}

// open also returns the version that the schema had before.
func open(ctx context.Context, source string, opts Options) (*DB, int64, error) {
	db := &DB{now: opts.Now}
	if db.now == nil {
		db.now = time.Now
	}
	name, openEngine := source, db.openSQLite
	if IsPostgreSQL(source) {
		name, openEngine = postgresName(source), db.openPostgres
	}
	from, err := openEngine(ctx, source, opts)
	if err == nil {
		err = db.Ping(ctx)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open store %s: %w", name, errors.Join(err, db.Close()))
	}
	return db, from, nil
}

// Close waits for running transactions and closes the store.
func (db *DB) Close() error {
	// The readers first: the last connection to close folds SQLite's
	// write-ahead log into the file, and a read-only one could not.
	var errs []error
	for _, pool := range []*sql.DB{db.reader, db.writer} {
		if pool != nil { // it is when Open gave up half-way
			errs = append(errs, pool.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Ping tells whether the store answers.
func (db *DB) Ping(ctx context.Context) error {
	within, cancel := db.bound(ctx)
	defer cancel()
	var one int
	if err := db.reader.QueryRowContext(within, "SELECT 1 FROM announcement_head").Scan(&one); err != nil {
		return fmt.Errorf("ping store: %w", db.explain(ctx, err))
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
