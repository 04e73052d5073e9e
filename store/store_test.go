package store_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// suite is what the store does on either engine: its methods are the tests of
// behaviour, and source the one place where they get a store.
type suite struct {
	source func(t testing.TB) string // of a store with nothing in it
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	suite{sqliteSource}.run(t)
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	source := servers.Database(t)
	suite{func(t testing.TB) string {
		// A schema is as empty as a database, and made in a hundredth of the time.
		schema := "test_" + strings.ToLower(rand.Text())
		execute(t, "pgx", source, "CREATE SCHEMA "+schema)
		return setting(t, source, "search_path", schema)
	}}.run(t)
}

// run runs every method whose name begins with Test as a sub-test, so that none
// can be forgotten.
func (s suite) run(t *testing.T) {
	of := reflect.ValueOf(s)
	for method := range of.Type().Methods() {
		if name, ok := strings.CutPrefix(method.Name, "Test"); ok {
			t.Run(name, of.MethodByName(method.Name).Interface().(func(t *testing.T)))
		}
	}
}

func (s suite) open(t testing.TB) *store.DB {
	t.Helper()
	return openSource(t, s.source(t))
}

func sqliteSource(t testing.TB) string { return filepath.Join(t.TempDir(), "gallery.db") }

func openSQLite(t testing.TB) *store.DB { t.Helper(); return suite{sqliteSource}.open(t) }

func openPostgres(t testing.TB) *store.DB { t.Helper(); return suite{servers.Database}.open(t) }

// openSource opens a store for the length of the test. Its own clock stands
// still; PostgreSQL's does not.
func openSource(t testing.TB, source string) *store.DB {
	t.Helper()
	return openWith(t, source, store.Options{Now: func() time.Time { return at(0) }})
}

func openWith(t testing.TB, source string, opts store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), source, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// at is an instant, minutes after the beginning of the tests' time.
func at(minutes int) time.Time {
	return time.Date(2026, 11, 1, 12, minutes, 0, 123456000, time.UTC)
}

// id makes an id that looks like one and sorts by n.
func id(n int) string { return fmt.Sprintf("01930000-0000-7000-8000-%012d", n) }

func write(t testing.TB, db *store.DB, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // for use in cleanups and goroutines
	if err := db.Write(ctx, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, db *store.DB, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	ctx := t.Context()
	if err := db.Read(ctx, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// fetch reads one thing.
func fetch[T any](t testing.TB, db *store.DB, fn func(ctx context.Context, tx *store.Tx) (T, error)) (got T) {
	t.Helper()
	read(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		got, err = fn(ctx, tx)
		return err
	})
	return got
}

func user(n int) gallery.User {
	return gallery.User{ID: id(n), Username: fmt.Sprintf("User%d", n), Email: fmt.Sprintf("User%d@example.org", n),
		IsActive: true, CreatedAt: at(0)}
}

// addUsers adds users from..to-1 and returns their ids.
func addUsers(t testing.TB, db *store.DB, from, to int) (ids []string) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n := from; n < to; n++ {
			ids = append(ids, id(n))
			if err := tx.CreateUser(ctx, user(n), "hash"); err != nil {
				return err
			}
		}
		return nil
	})
	return ids
}

// artwork is a work of artist n2 that waits for ten viewers.
func artwork(n, artist int) gallery.Artwork {
	return gallery.Artwork{
		ID: id(n), Title: fmt.Sprintf("Work %d", n), Description: "made of numbers", AltText: "a number",
		Artist: user(artist).Ref(), ContentType: "image/png",
		Seal:       gallery.Seal{Commitment: "c0", Salt: "5a", Size: 42, KeyID: "k1", WrappedKey: []byte{0, 1, 255}},
		RevealWhen: gallery.RevealAny,
		Conditions: []gallery.Condition{{ID: id(n + 500_000), Measure: gallery.MeasureViews, Target: 10}},
		Reactions:  map[string]int64{},
		CreatedAt:  at(n % 50), UpdatedAt: at(n % 50),
	}
}

func addArtworks(t testing.TB, db *store.DB, works ...gallery.Artwork) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, a := range works {
			if err := tx.InsertArtwork(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// wantCode checks the code of an error, "" for none.
func wantCode(t testing.TB, what string, err error, want gallery.Code) {
	t.Helper()
	if got := gallery.CodeOf(err); got != want {
		t.Errorf("%s: got code %q (%v), want %q", what, got, err, want)
	}
}
