package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// engine is what differs between the two databases once they are open; all
// else, every statement but these endings, is the same on both.
type engine struct {
	// lockRows ends a SELECT whose rows nobody else may change until the
	// transaction ends. They are locked in the order in which it returns them,
	// which an UPDATE of several rows does not promise. SQLite has one writer
	// and needs no word for it.
	lockRows string
	// skipLocked does the same and leaves out rows that another holds.
	skipLocked string
	// lockOut also keeps rows from coming that would refer to these.
	lockOut string
	// keepUsers sees to it that users u stay until the transaction ends.
	keepUsers string

	writes, reads *sql.TxOptions

	// attempts is how often a transaction is tried, see [DB.Write].
	attempts int
	// patience is how long one may take in all, 0 for as long as its context
	// lets it: a server that no longer answers must not hold up a request for
	// as long as TCP would hope.
	patience time.Duration

	now    string // asks for the present in µs; "" when there is only our own clock
	tables string // lists the names of the tables
}

// schema is what a database held before we touched it.
type schema struct {
	foreign bool  // it has tables, and they are not ours
	version int64 // 0 when there is nothing yet
}

// schema looks without changing anything, and at one state: of a database that
// another node is migrating, the tables before a step and the version after it
// would make another program's.
func (e engine) schema(ctx context.Context, db *sql.DB) (s schema, err error) {
	tx, err := db.BeginTx(ctx, e.reads)
	if err != nil {
		return s, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	rows, err := tx.QueryContext(ctx, e.tables)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	names := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return s, err
		}
		names[name] = true
	}
	if err := rows.Err(); err != nil {
		return s, err
	}
	if !names[versionTable] {
		return schema{foreign: len(names) > 0}, nil
	}
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+versionTable).Scan(&s.version); err != nil {
		return s, err
	}
	// Others count their versions in a table of that name as well.
	s.foreign = s.version > 0 && !names["announcement_head"]
	return s, nil
}

// check refuses what this program must not work on.
func (s schema) check(mode MigrateMode) error {
	newest, err := newestVersion()
	switch {
	case err != nil:
		return err
	case s.foreign:
		return errors.New("this is the database of another program")
	case s.version > newest:
		return fmt.Errorf("its schema (version %d) is newer than this program (version %d): update the program", s.version, newest)
	case s.version < newest && mode == MigrateOff:
		return fmt.Errorf("its schema (version %d) is older than this program (version %d): run gallery migrate", s.version, newest)
	}
	return nil
}
