package store

import (
	"database/sql"
	"time"
)

// engine is what differs between the databases once they are open; every
// statement but these endings is the same on both.
type engine struct {
	// lockRows ends a SELECT whose rows nobody else may change until the
	// transaction ends. They are locked in the order in which it returns them,
	// which an UPDATE of several rows does not promise. SQLite has one writer
	// and needs no word for it.
	lockRows string
	// skipLocked does the same and leaves out rows that another holds.
	skipLocked string

	writes, reads *sql.TxOptions

	// patience is how long a transaction may take in all, 0 for as long as its
	// context lets it: a server that no longer answers must not hold up a
	// request for as long as TCP would hope.
	patience time.Duration
}
