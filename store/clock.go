package store

import (
	"context"
	"fmt"
	"time"
)

// Clock is the present as the store counts it: with SQLite Options.Now, with
// PostgreSQL the server's clock as far as it is known: Options.Now and the
// offset that Open and Run have measured. So the nodes of one database agree on
// the time, whatever their own clocks say. UTC, safe for concurrent use.
func (db *DB) Clock() time.Time {
	return db.now().Add(time.Duration(db.offset.Load())).UTC()
}

// Now is the database's own clock at this moment, in UTC: it goes on while the
// transaction waits for a lock. With SQLite it is Options.Now.
func (tx *Tx) Now(ctx context.Context) (now time.Time, err error) {
	if tx.db.engine.now == "" {
		return tx.db.Clock(), nil
	}
	if _, err := tx.get(ctx, []any{instant{&now}}, tx.db.engine.now); err != nil {
		return now, fmt.Errorf("ask the database for the time: %w", err)
	}
	return now, nil
}

// measureEvery is how soon a clock that was set while we ran is noticed. Until
// then a node may be early or late in what it tries; whether a time has come,
// the database says (see [Tx.Now]).
const measureEvery = 3 * time.Second

// Run measures the offset of PostgreSQL's clock every few seconds until ctx
// ends, and returns nil. With SQLite it only waits.
func (db *DB) Run(ctx context.Context) error {
	if db.engine.now == "" {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(measureEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			// A server that is away takes its clock along; the last offset is
			// as good as any, and whoever needs the server will say so.
			_ = db.measure(ctx)
		}
	}
}

// measure asks the server for the time, as in NTP: what it says was so half-way
// between question and answer, give or take half the round trip. The fastest
// of a few is the most exact.
func (db *DB) measure(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, measureEvery)
	defer cancel()
	conn, err := db.reader.Conn(within) // a wait for a connection is no part of the trip
	if err != nil {
		return fmt.Errorf("ask the database for the time: %w", db.explain(ctx, err))
	}
	defer conn.Close()
	var offset, trip time.Duration
	for i := range 4 {
		var server time.Time
		ours, start := db.now(), time.Now()
		if err := conn.QueryRowContext(within, db.engine.now).Scan(instant{&server}); err != nil {
			return fmt.Errorf("ask the database for the time: %w", db.explain(ctx, err))
		}
		if took := time.Since(start); i == 0 || took < trip {
			offset, trip = server.Sub(ours.Add(took/2)), took
		}
	}
	// Within the error the old one is as likely, and a clock that does not
	// jump to and fro is worth more.
	if old := time.Duration(db.offset.Load()); (offset - old).Abs() > trip/2 {
		db.offset.Store(int64(offset))
	}
	return nil
}
