package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// open opens an empty store of the engine under test. Every test of behaviour
// goes through it, so that another engine needs only another open.
func open(t testing.TB) *store.DB {
	t.Helper()
	return openFile(t, filepath.Join(t.TempDir(), "gallery.db"))
}

func openFile(t testing.TB, path string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), path, store.Options{Now: func() time.Time { return at(0) }})
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
