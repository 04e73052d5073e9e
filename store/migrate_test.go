package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"invisibleart.example/gallery/store"
)

// TestOpenAtOnce lets many open one fresh database together, as nodes and
// commands that are started at the same time do.
func (s suite) TestOpenAtOnce(t *testing.T) {
	source := s.source(t)
	if !store.IsPostgreSQL(source) {
		// Two opens of one process share the file's locks only once it exists.
		// An empty one, as a start that was cut short leaves it, is as good as
		// none.
		if err := os.WriteFile(source, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	race(t, 6, func(i int) (bool, error) {
		db, err := store.Open(context.Background(), source, store.Options{})
		if err != nil {
			return false, err
		}
		err = db.Write(context.Background(), func(tx *store.Tx) error { return tx.CreateUser(context.Background(), user(i), "") })
		return true, errors.Join(err, db.Close())
	})
	db := openSource(t, source)
	for n := range 6 {
		read(t, db, func(ctx context.Context, tx *store.Tx) error { return second(tx.AccountByID(ctx, id(n))) })
	}
}

// TestMigrateOff leaves the schema to the operator.
func (s suite) TestMigrateOff(t *testing.T) {
	source := s.source(t)
	off := store.Options{Migrate: store.MigrateOff}
	db, err := store.Open(t.Context(), source, off)
	if err == nil {
		db.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "run gallery migrate") {
		t.Fatalf("open with no schema: got %v, want it to say what to run", err)
	}
	steps, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	newest := int64(len(steps)) // they are numbered from 1
	for _, want := range [][2]int64{{0, newest}, {newest, newest}} {
		from, to, err := store.Migrate(t.Context(), source, off)
		if err != nil || [2]int64{from, to} != want {
			t.Errorf("migrate: got from %d to %d (%v), want %v", from, to, err, want)
		}
	}
	addUsers(t, openWith(t, source, off), 1, 2)
}

// TestReopen finds what was written before.
func (s suite) TestReopen(t *testing.T) {
	source := s.source(t)
	for n := range 3 {
		db, err := store.Open(t.Context(), source, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		addUsers(t, db, n, n+1)
		for k := range n + 1 {
			read(t, db, func(ctx context.Context, tx *store.Tx) error { return second(tx.AccountByID(ctx, id(k))) })
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
