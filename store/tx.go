package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
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
	within context.Context // the time it may take
	failed error
}

// statements is the part of [sql.Tx] that queries use.
type statements interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Write runs fn in a transaction that may write, and commits when fn returns
// nil; after any error (or panic) nothing of it has happened. When Write
// returns nil the commit is on the disk. Writers take turns: fn should neither
// wait for anything else nor call Write or Read. It may be run again when
// another transaction was in the way, so it must not change what lies outside
// before it knows that it was the last time. Returns fn's error as it is;
// gallery.Unavailable when the store stays locked, does not answer, or has no
// room. A server that is lost during the commit may have made it.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	within, cancel := db.bound(ctx)
	defer cancel()
	var err error
	for attempt := 1; ; attempt++ {
		var begun bool
		begun, err = db.run(ctx, within, db.writer, db.engine.writes, fn)
		found := faultOf(err)
		// Two that waited for each other's locks, of which the server chose
		// this one to give way; or a connection that had died in the pool.
		again := found == faultBusy || found == faultAway && !begun
		if !again || attempt == db.engine.attempts || !pause(within, attempt) {
			break
		}
	}
	if full := faultOf(err) == faultFull; full || err == nil {
		db.full.Store(full)
	}
	return err
}

// Read runs fn, once, in a transaction that sees one unchanging state of the
// store and cannot write. It waits for no writer and holds none up. Returns
// fn's error as it is; gallery.Unavailable when the store does not answer.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	within, cancel := db.bound(ctx)
	defer cancel()
	for attempt := 1; ; attempt++ {
		begun, err := db.run(ctx, within, db.reader, db.engine.reads, fn)
		if begun || faultOf(err) != faultAway || attempt == db.engine.attempts || !pause(within, attempt) {
			return err
		}
	}
}

// bound is ctx for as long as the engine's patience lasts.
func (db *DB) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if db.engine.patience == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, db.engine.patience)
}

// pause waits before the next attempt, longer each time; and not equally long
// for those that were in each other's way, else they meet again. It is false
// when ctx ended.
func pause(ctx context.Context, attempt int) bool {
	timer := time.NewTimer(time.Millisecond + rand.N(10*time.Millisecond<<attempt))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// run tries a transaction once, within a time that ends with ctx or before;
// begun says whether fn was run.
func (db *DB) run(ctx, within context.Context, pool *sql.DB, opts *sql.TxOptions, fn func(*Tx) error) (begun bool, err error) {
	inner, err := pool.BeginTx(within, opts)
	if err != nil {
		return false, fmt.Errorf("begin transaction: %w", db.explain(ctx, err))
	}
	// Without effect after the commit; it is here for errors and panics.
	defer func() { _ = inner.Rollback() }()
	tx := &Tx{sql: inner, db: db, within: within}
	if err := fn(tx); err != nil {
		return true, err
	}
	if tx.failed != nil {
		return true, tx.failed
	}
	if err := inner.Commit(); err != nil {
		return true, fmt.Errorf("commit: %w", db.explain(ctx, err))
	}
	return true, nil
}

// bound is a statement's context for as long as the transaction may last.
func (tx *Tx) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if tx.db.engine.patience == 0 {
		return ctx, func() {}
	}
	deadline, _ := tx.within.Deadline()
	return context.WithDeadline(ctx, deadline)
}

// fail remembers err as the end of the transaction.
func (tx *Tx) fail(ctx context.Context, err error) error {
	tx.failed = tx.db.explain(ctx, err)
	return tx.failed
}

// exec runs a statement and returns how many rows it touched.
func (tx *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if tx.failed != nil {
		return 0, tx.failed
	}
	within, cancel := tx.bound(ctx)
	defer cancel()
	result, err := tx.sql.ExecContext(within, query, args...)
	if err != nil {
		return 0, tx.fail(ctx, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, tx.fail(ctx, err)
	}
	return n, nil
}

// get scans the first row of a query into dest; found is false without one.
func (tx *Tx) get(ctx context.Context, dest []any, query string, args ...any) (found bool, err error) {
	if tx.failed != nil {
		return false, tx.failed
	}
	within, cancel := tx.bound(ctx)
	defer cancel()
	err = tx.sql.QueryRowContext(within, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, tx.fail(ctx, err)
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
	within, cancel := tx.bound(ctx)
	defer cancel()
	rows, err := tx.sql.QueryContext(within, query, args...)
	if err != nil {
		return nil, tx.fail(ctx, err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, tx.fail(ctx, err)
		}
		list = append(list, item)
	}
	if err := rows.Err(); err != nil {
		return nil, tx.fail(ctx, err)
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
