package store

import (
	"context"
	"database/sql"
)

// Writer is the writer's connection, for tests that need it in a bad state.
func Writer(db *DB) *sql.DB { return db.writer }

// Reader is the readers' pool.
func Reader(db *DB) *sql.DB { return db.reader }

// Measure measures the offset of the server's clock, as Run does.
func Measure(ctx context.Context, db *DB) error { return db.measure(ctx) }

// Exec runs a statement of the test's own in the transaction.
func Exec(ctx context.Context, tx *Tx, statement string) error {
	_, err := tx.exec(ctx, statement)
	return err
}

// CheckVersion judges the number of a PostgreSQL's version.
func CheckVersion(number int) error { return checkVersion(number) }

// Record tells fn every statement the transaction runs from now on.
func Record(tx *Tx, fn func(query string, args []any)) { tx.sql = recorder{tx.sql, fn} }

type recorder struct {
	statements
	tell func(query string, args []any)
}

func (r recorder) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	r.tell(query, args)
	return r.statements.ExecContext(ctx, query, args...)
}

func (r recorder) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.tell(query, args)
	return r.statements.QueryContext(ctx, query, args...)
}

func (r recorder) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	r.tell(query, args)
	return r.statements.QueryRowContext(ctx, query, args...)
}
