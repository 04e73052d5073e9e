package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// wired opens a store through a wire that can be spoilt.
func wired(t *testing.T, opts store.Options, settings ...string) (db *store.DB, wire *servers.Wire, source string) {
	t.Helper()
	source = servers.Database(t)
	for i := 0; i < len(settings); i += 2 {
		source = setting(t, source, settings[i], settings[i+1])
	}
	through := with(t, source, func(u *url.URL) {
		wire = servers.Proxy(t, u.Host)
		u.Host = wire.Addr
	})
	return openWith(t, through, opts), wire, source
}

func create(db *store.DB, n int) error {
	return db.Write(context.Background(), func(tx *store.Tx) error { return tx.CreateUser(context.Background(), user(n), "") })
}

// wantAway checks that an error tells the caller to come again in a second.
func wantAway(t *testing.T, what string, err error) {
	t.Helper()
	var e *gallery.Error
	if !errors.As(err, &e) || e.Code != gallery.Unavailable || e.RetryAfter != time.Second {
		t.Errorf("%s: got %v, want it Unavailable for a second", what, err)
	}
}

// TestConnectionLost loses every connection, in the middle of a transaction and
// between two: the one is undone, and nobody else notices.
func TestConnectionLost(t *testing.T) {
	db, wire, _ := wired(t, store.Options{})
	for n := range 5 {
		runs := 0
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			runs++
			if err := tx.CreateUser(t.Context(), user(1), ""); err != nil {
				return err
			}
			wire.Reset()
			return second(tx.AccountByID(t.Context(), id(1)))
		})
		wantAway(t, "a write whose connection was lost", err)
		if runs != 1 {
			t.Errorf("what was under way ran %d times, want once: its commit might have been the one", runs)
		}
		err = db.Read(t.Context(), func(tx *store.Tx) error {
			wire.Reset()
			return second(tx.AccountByID(t.Context(), id(1)))
		})
		wantAway(t, "a read whose connection was lost", err)

		if err := create(db, 10+n); err != nil {
			t.Errorf("the next write: %v", err)
		}
		wire.Reset() // while all are idle
		if err := create(db, 20+n); err != nil {
			t.Errorf("a write after idle connections were lost: %v", err)
		}
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			wantCode(t, "what was under way", second(tx.AccountByID(ctx, id(1))), gallery.NotFound)
			return nil
		})
	}
}

// TestServerAway takes the server away for a while.
func TestServerAway(t *testing.T) {
	db, wire, _ := wired(t, store.Options{})
	wire.Cut()
	began := time.Now()
	wantAway(t, "write", create(db, 1))
	wantAway(t, "read", db.Read(t.Context(), func(*store.Tx) error { return nil }))
	wantAway(t, "ping", db.Ping(t.Context()))
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v to say that the server is away", took)
	}
	wire.Heal(t)
	if err := create(db, 1); err != nil {
		t.Errorf("the first write afterwards: %v", err)
	}
}

// TestServerSilent has the server say nothing any more, while nobody hears that
// it has gone. What hangs ends when the patience does, and the caller's own
// deadline is still the caller's.
func TestServerSilent(t *testing.T) {
	const patience = 700 * time.Millisecond
	db, wire, _ := wired(t, store.Options{Patience: patience})
	if err := create(db, 1); err != nil {
		t.Fatal(err)
	}
	wire.Swallow(true, servers.Down)
	for what, ask := range map[string]func() error{
		"write": func() error { return create(db, 2) },
		"read": func() error {
			return db.Read(context.Background(), func(tx *store.Tx) error { return second(tx.AccountByID(context.Background(), id(1))) })
		},
		"ping": func() error { return db.Ping(context.Background()) },
	} {
		began := time.Now()
		wantAway(t, what, ask())
		if took := time.Since(began); took > 5*patience {
			t.Errorf("%s: hung for %v, want %v", what, took, patience)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience/10)
	defer cancel()
	if err := db.Write(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) || gallery.CodeOf(err) == gallery.Unavailable {
		t.Errorf("with a deadline of its own: got %v, want context.DeadlineExceeded", err)
	}
	wire.Heal(t)
	for n := range 20 { // on every connection there is
		if err := create(db, 10+n); err != nil {
			t.Errorf("write %d after the server is back: %v", n, err)
		}
	}
}

// TestCutOffNodeHoldsNoLocks has a node disappear in the middle of a
// transaction, without a word to the server: the others get its locks.
func TestCutOffNodeHoldsNoLocks(t *testing.T) {
	gone, wire, source := wired(t, store.Options{Patience: 700 * time.Millisecond})
	other := openWith(t, source, store.Options{})
	addUsers(t, other, 1, 2)
	addArtworks(t, other, artwork(1, 1))
	err := gone.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.LockArtwork(t.Context(), id(1)); err != nil {
			return err
		}
		wire.Swallow(true, servers.Up, servers.Down)
		return second(tx.Artwork(t.Context(), id(1)))
	})
	wantAway(t, "the node that is cut off", err)
	began := time.Now()
	write(t, other, func(ctx context.Context, tx *store.Tx) error { return second(tx.LockArtwork(ctx, id(1))) })
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the others waited %v for the lock of a node that is gone", took)
	}
	wire.Cut() // ends what the driver still hopes for
}

// TestServerRestarts restarts the server under writers: each write that was
// acknowledged is there, and they go on by themselves.
func TestServerRestarts(t *testing.T) {
	server := servers.PostgreSQL(t)
	db := openWith(t, server.Database(t), store.Options{})
	var acknowledged sync.Map
	var stop atomic.Bool
	var count atomic.Int64
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := w; !stop.Load(); n += 4 {
				switch err := create(db, n); {
				case err == nil:
					acknowledged.Store(n, true)
					count.Add(1)
				case gallery.CodeOf(err) == gallery.Unavailable: // as a client would: another one, a moment later
					time.Sleep(5 * time.Millisecond)
				default:
					t.Errorf("write %d: %v", n, err)
				}
			}
		})
	}
	more := func(what string) {
		t.Helper()
		for until, deadline := count.Load()+100, time.Now().Add(20*time.Second); count.Load() < until; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: no hundred writes in 20 s", what)
			}
		}
	}
	defer func() { stop.Store(true); writers.Wait() }()
	more("at first")
	server.Restart(t)
	more("after a restart")
	server.Kill(t)
	server.Start(t)
	more("after a crash")
	stop.Store(true)
	writers.Wait()
	acknowledged.Range(func(n, _ any) bool {
		read(t, db, func(ctx context.Context, tx *store.Tx) error { return second(tx.AccountByID(ctx, id(n.(int)))) })
		return true
	})
}

// TestDeadlock has two transactions wait for each other: the one that the
// server chooses runs again.
func TestDeadlock(t *testing.T) {
	db := openWith(t, setting(t, servers.Database(t), "deadlock_timeout", "50ms"), store.Options{})
	addUsers(t, db, 1, 2)
	addArtworks(t, db, artwork(1, 1), artwork(2, 1))
	var runs atomic.Int64
	var met sync.WaitGroup
	met.Add(2)
	race(t, 2, func(i int) (bool, error) {
		first := true
		return true, db.Write(context.Background(), func(tx *store.Tx) error {
			runs.Add(1)
			if _, err := tx.LockArtwork(context.Background(), id(1+i)); err != nil {
				return err
			}
			if first {
				first = false
				met.Done()
				met.Wait()
			}
			return tx.UpdateArtwork(context.Background(), id(2-i), nil, nil, nil, at(9))
		})
	})
	if got := runs.Load(); got < 3 {
		t.Errorf("ran %d times, want each and the victim again", got)
	}
}

// TestServerErrors has the server itself raise what it can.
func TestServerErrors(t *testing.T) {
	db := openPostgres(t)
	for _, c := range []struct {
		state string
		want  gallery.Code
		runs  int
	}{
		{"40001", gallery.Unavailable, 6}, {"40P01", gallery.Unavailable, 6},
		{"53100", gallery.Unavailable, 1}, {"53300", gallery.Unavailable, 1}, {"57014", gallery.Unavailable, 1},
		{"57P01", gallery.Unavailable, 1}, {"57P03", gallery.Unavailable, 1}, {"08006", gallery.Unavailable, 1},
		{"25006", gallery.Unavailable, 1}, {"55P03", gallery.Unavailable, 1},
		{"23505", gallery.Conflict, 1}, {"23503", gallery.NotFound, 1}, {"22012", gallery.Internal, 1},
	} {
		runs := 0
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			runs++
			return store.Exec(t.Context(), tx, fmt.Sprintf(`DO $$ BEGIN RAISE 'raised' USING ERRCODE = '%s'; END $$`, c.state))
		})
		wantCode(t, c.state, err, c.want)
		if runs != c.runs || err == nil || !strings.Contains(err.Error(), c.state) {
			t.Errorf("%s: ran %d times, want %d; got %v", c.state, runs, c.runs, err)
		}
		if full := db.Room(t.Context()) == nil; !full {
			t.Errorf("%s: no room afterwards", c.state)
		}
	}
	// It gives way twice, and then there is nobody in the way.
	runs := 0
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if runs++; runs < 3 {
			return store.Exec(ctx, tx, `DO $$ BEGIN RAISE 'raised' USING ERRCODE = '40001'; END $$`)
		}
		return tx.CreateUser(ctx, user(1), "")
	})
}

// TestRacingNames has two take a name at once: the later one is told which.
func TestRacingNames(t *testing.T) {
	db := openPostgres(t)
	addUsers(t, db, 1, 3)
	name := "Nova"
	var met sync.WaitGroup
	met.Add(2)
	errs := make(chan error, 2)
	race(t, 2, func(i int) (bool, error) {
		errs <- db.Write(context.Background(), func(tx *store.Tx) error {
			if _, err := tx.AccountByID(context.Background(), id(1)); err != nil {
				return err
			}
			met.Done()
			met.Wait()
			return second(tx.UpdateProfile(context.Background(), id(1+i), &name, nil))
		})
		return true, nil
	})
	a, b := <-errs, <-errs
	if a != nil {
		a, b = b, a
	}
	wantCode(t, "the first", a, "")
	wantConflict(t, b, []string{"username"})
}

// TestWaitingWritersHoldUpNoReader has more writers wait for one row than there
// are connections for them.
func TestWaitingWritersHoldUpNoReader(t *testing.T) {
	db := openPostgres(t)
	addUsers(t, db, 1, 2)
	addArtworks(t, db, artwork(1, 1))
	var writers sync.WaitGroup
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.LockArtwork(ctx, id(1)); err != nil {
			return err
		}
		waiting := store.Writer(db).Stats().MaxOpenConnections + 20
		for range waiting {
			writers.Go(func() {
				if err := db.Write(ctx, func(tx *store.Tx) error { return second(tx.LockArtwork(ctx, id(1))) }); err != nil {
					t.Error(err)
				}
			})
		}
		for store.Writer(db).Stats().WaitCount == 0 {
			time.Sleep(time.Millisecond)
		}
		for range 50 {
			read(t, db, func(ctx context.Context, tx *store.Tx) error { return second(tx.Artwork(ctx, id(1))) })
		}
		return nil
	})
	writers.Wait()
}
