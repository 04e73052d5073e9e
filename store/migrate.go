package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose notes which migrations have run.
const versionTable = goose.DefaultTablename

// IsPostgreSQL tells whether a source is the URL of a PostgreSQL database; else
// it is the path of a file.
func IsPostgreSQL(source string) bool {
	return strings.HasPrefix(source, "postgres://") || strings.HasPrefix(source, "postgresql://")
}

// Migrate brings the schema of a store up to date and returns the versions
// before and after, equal when there was nothing to do and 0 before the first.
// Nodes of the version before may go on running meanwhile. It refuses what
// [Open] refuses.
func Migrate(ctx context.Context, source string, opts Options) (from, to int64, err error) {
	opts.Migrate = MigrateAuto
	db, err := Open(ctx, source, opts)
	if err != nil {
		return 0, 0, err
	}
	return 0, 0, db.Close()
}

// migrate brings the schema up to date. Two processes may start on the same
// fresh file: each migration is one transaction that takes the write lock
// first, so one of them wins and the other fails on what already exists. The
// loser looks again, and again for each migration that the other one is at.
func migrate(ctx context.Context, db *sql.DB) error {
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, steps, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	const attempts = 5
	for attempt := 1; ; attempt++ {
		_, err = provider.Up(ctx)
		if err == nil {
			return nil
		}
		lost := faultOf(err) == faultBusy || strings.Contains(err.Error(), "already exists")
		if !lost || attempt == attempts || ctx.Err() != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
}

// newestVersion is the schema version this program was written for.
func newestVersion() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	// Names begin with their number and come sorted.
	return goose.NumericComponent(names[len(names)-1])
}
