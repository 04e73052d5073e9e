package store_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// near is how exact a measured clock has to be: half a round trip to a server
// on the same, busy machine.
const near = 100 * time.Millisecond

// databaseTime asks the database.
func databaseTime(t *testing.T, db *store.DB) time.Time {
	t.Helper()
	return fetch(t, db, func(ctx context.Context, tx *store.Tx) (time.Time, error) { return tx.Now(ctx) })
}

func TestClockOfSQLite(t *testing.T) {
	db := openSQLite(t)
	if got, now := db.Clock(), databaseTime(t, db); !got.Equal(at(0)) || !now.Equal(at(0)) || got.Location() != time.UTC {
		t.Errorf("got %v, and %v in a transaction, want %v", got, now, at(0))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Run(ctx); err != nil {
		t.Errorf("run: got %v, want nil at the end of its context", err)
	}
}

// TestClockOfPostgreSQL gives nodes clocks that are wrong: they agree on the
// server's.
func TestClockOfPostgreSQL(t *testing.T) {
	source := servers.Database(t)
	for _, wrong := range []time.Duration{0, 5 * time.Second, -5 * time.Second, 100 * 24 * time.Hour} {
		db := openWith(t, source, store.Options{Now: func() time.Time { return time.Now().Add(wrong) }})
		for what, got := range map[string]time.Time{"clock": db.Clock(), "database": databaseTime(t, db)} {
			if off := time.Since(got); off.Abs() > near || got.Location() != time.UTC {
				t.Errorf("%s of a node that is %v wrong: is %v off, in %v", what, wrong, off, got.Location())
			}
		}
	}
}

// TestClockIsSet sets a node's clock while it runs.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	var wrong atomic.Int64
	db, wire, _ := wired(t, store.Options{Now: func() time.Time { return time.Now().Add(time.Duration(wrong.Load())) }})
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- db.Run(ctx) }()
	off := func() time.Duration { return time.Since(db.Clock()).Abs() }
	for _, set := range []time.Duration{5 * time.Second, -5 * time.Second} {
		wrong.Store(int64(set))
		if off() < near {
			t.Fatalf("the clock cannot know yet that it was set by %v", set)
		}
		for deadline := time.Now().Add(20 * time.Second); off() > near; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("still %v off after 20 s", off())
			}
		}
		wire.Reset() // an outage is no reason to give up
	}
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("run: got %v, want nil at the end of its context", err)
	}
}

// TestClockIsSteady measures again and again: what lies within the error of the
// measurement moves nothing.
func TestClockIsSteady(t *testing.T) {
	start := time.Now()
	db := openWith(t, servers.Database(t), store.Options{Now: func() time.Time { return start.Add(time.Since(start)) }})
	before := time.Until(db.Clock())
	moved := 0
	for range 20 {
		if err := store.Measure(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		if now := time.Until(db.Clock()); (now - before).Abs() > 20*time.Microsecond {
			moved++
			before = now
		}
	}
	if moved > 10 {
		t.Errorf("the clock moved %d times in 20 measurements of one that goes right", moved)
	}
}

// TestDatabaseTimeGoesOn holds Now to the present, not to the beginning of the
// transaction.
func TestDatabaseTimeGoesOn(t *testing.T) {
	db := openPostgres(t)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		first, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		later, err := tx.Now(ctx)
		if !later.After(first) {
			t.Errorf("got %v after %v, want it to go on", later, first)
		}
		return err
	})
}
