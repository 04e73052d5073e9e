package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Tx is one transaction; all queries are its methods. It belongs to the
// function it was handed to, and must not be kept or used by two goroutines.
//
// After a statement has failed, the transaction is lost: every further
// statement returns the same error and nothing is committed, whatever the
// function returns. (PostgreSQL does so by itself; SQLite would sometimes have
// rolled back on its own and then commit each further statement alone.)
// A refusal, such as NotFound, is an answer and not a failure.
type Tx struct {
	sql    statements
	db     *DB
	failed error
}

// statements is the part of [sql.Tx] that queries use.
type statements interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// attempts is how often a transaction is tried that finds the store locked.
// Each try waits for the lock, in SQLite 5 s, so a writer waits 15 s in all.
const attempts = 3

// Write runs fn in a transaction that may write, and commits when fn returns
// nil; after any error (or panic) nothing of it has happened. When Write
// returns nil the commit is on the disk. Writers take turns: fn should neither
// wait for anything else nor call Write or Read. It may be run again when
// another process was in the way, so it must not change what lies outside
// before it knows that it was the last time. Returns fn's error as it is;
// gallery.Unavailable when the store stays locked or the disk is full.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	var err error
	for range attempts {
		if err = db.run(ctx, db.writer, nil, fn); !again(ctx, err) {
			break
		}
	}
	if full := faultOf(err) == faultFull; full || err == nil {
		db.full.Store(full)
	}
	return err
}

// Read runs fn in a transaction that sees one unchanging state of the store
// and cannot write. It waits for no writer and holds none up.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	return db.run(ctx, db.reader, &sql.TxOptions{ReadOnly: true}, fn)
}

func (db *DB) run(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, fn func(*Tx) error) error {
	inner, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", explain(err))
	}
	// Without effect after the commit; it is here for errors and panics.
	defer func() { _ = inner.Rollback() }()
	tx := &Tx{sql: inner, db: db}
	if err := fn(tx); err != nil {
		return err
	}
	if tx.failed != nil {
		return tx.failed
	}
	if err := inner.Commit(); err != nil {
		return fmt.Errorf("commit: %w", explain(err))
	}
	return nil
}

// fail remembers err as the end of the transaction.
func (tx *Tx) fail(err error) error {
	tx.failed = explain(err)
	return tx.failed
}

// exec runs a statement and returns how many rows it touched.
func (tx *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if tx.failed != nil {
		return 0, tx.failed
	}
	result, err := tx.sql.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, tx.fail(err)
	}
	return n, nil
}

// get scans the first row of a query into dest; found is false without one.
func (tx *Tx) get(ctx context.Context, dest []any, query string, args ...any) (found bool, err error) {
	if tx.failed != nil {
		return false, tx.failed
	}
	err = tx.sql.QueryRowContext(ctx, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, tx.fail(err)
	}
	return true, nil
}

// row is what a scan function reads from.
type row interface{ Scan(dest ...any) error }

// all collects every row of a query, each read by scan.
func all[T any](ctx context.Context, tx *Tx, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	if tx.failed != nil {
		return nil, tx.failed
	}
	rows, err := tx.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, tx.fail(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, tx.fail(err)
		}
		list = append(list, item)
	}
	if err := rows.Err(); err != nil {
		return nil, tx.fail(err)
	}
	return list, nil
}

func scanText(r row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// stamp fills in the id and the time of a row whose maker gave none.
func (tx *Tx) stamp(id *string, at *time.Time) {
	if *id == "" {
		*id = uuid.Must(uuid.NewV7()).String()
	}
	if at.IsZero() {
		*at = tx.db.Clock()
	}
	*at = at.UTC().Truncate(time.Microsecond) // as it will be read
}
