package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// The tests of this file are about the file of SQLite and know it.

// TestEveryConnectionIsSetUp holds several connections of each pool at once,
// because a setting made on one connection is not there on the next.
func TestEveryConnectionIsSetUp(t *testing.T) {
	db := openSQLite(t)
	common := map[string]string{"journal_mode": "wal", "busy_timeout": "5000"}
	check := func(pool string, conn *sql.Conn, more map[string]string) {
		t.Helper()
		for _, pragmas := range []map[string]string{common, more} {
			for pragma, want := range pragmas {
				var got string
				if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
					t.Errorf("%s, PRAGMA %s: got %q (%v), want %q", pool, pragma, got, err, want)
				}
			}
		}
	}
	for range 3 {
		conn, err := store.Reader(db).Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		check("reader", conn, map[string]string{"query_only": "1"})
		if _, err := conn.ExecContext(t.Context(), "PRAGMA query_only = 0"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), "DELETE FROM users"); err == nil || !strings.Contains(err.Error(), "readonly") {
			t.Errorf("a reader wrote: got %v, want a read-only database", err)
		}
	}
	for range 2 {
		conn, err := store.Writer(db).Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		check("writer", conn, map[string]string{"synchronous": "2", "foreign_keys": "1"})
		// Throw it away: the next one must be the same.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		conn.Close()
	}
	if n := store.Writer(db).Stats().MaxOpenConnections; n != 1 {
		t.Errorf("the writer's pool holds %d connections, want 1", n)
	}
}

func TestFileModes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ä ?#%41.db") // what a URI would trip over
	db := openSource(t, path)
	addUsers(t, db, 1, 2)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode(); got != 0o600 {
			t.Errorf("%s: got mode %v, want -rw-------", f.Name(), got)
		}
	}
	if got, want := strings.Join(names, " "), "ä ?#%41.db ä ?#%41.db-shm ä ?#%41.db-wal"; got != want {
		t.Errorf("files: got %s, want %s", got, want)
	}
}

// snapshot is what lies in a directory, by name, and the sum of its bytes.
func snapshot(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	files := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[d.Name()] = sha256.Sum256(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestOpenRefuses(t *testing.T) {
	// made is a store that has been closed, so that all is in one file.
	made := func(t *testing.T, path string) {
		t.Helper()
		db, err := store.Open(t.Context(), path, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	execute := func(t *testing.T, path, statement string) {
		t.Helper()
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, want string
		prepare    func(t *testing.T, path string)
	}{
		{"a newer schema", "newer than this program", func(t *testing.T, path string) {
			made(t, path)
			execute(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		}},
		{"another program's database", "another program", func(t *testing.T, path string) {
			execute(t, path, "CREATE TABLE contacts (name TEXT)")
		}},
		{"no database", "not a database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("Dear diary, ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"a damaged head", "damaged", func(t *testing.T, path string) {
			made(t, path)
			overwrite(t, path, 100, 400)
		}},
		{"a cut file", "damaged", func(t *testing.T, path string) {
			made(t, path)
			if err := os.Truncate(path, 5000); err != nil {
				t.Fatal(err)
			}
		}},
		{"a directory", "not a regular file", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "gallery.db")
			c.prepare(t, path)
			before := snapshot(t, dir)
			db, err := store.Open(t.Context(), path, store.Options{})
			if err == nil {
				db.Close()
				t.Fatalf("opened, want an error with %q", c.want)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want it to say %q and name the file", err, c.want)
			}
			for name, sum := range snapshot(t, dir) {
				// Reading alone makes an index of the log, and an empty log.
				if before[name] != sum && !strings.HasSuffix(name, "-shm") && sum != sha256.Sum256(nil) {
					t.Errorf("%s was changed or made", name)
				}
			}
		})
	}
	t.Run("no such directory", func(t *testing.T) {
		_, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "none", "gallery.db"), store.Options{})
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want fs.ErrNotExist", err)
		}
	})
}

func overwrite(t *testing.T, path string, offset, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("\xee", int(n))), offset); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBusyIsTriedAgain holds the lock for longer than SQLite waits for it
// (5 s): a command that is slow to commit costs the server no write.
func TestBusyIsTriedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for 6 s")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gallery.db")
	server, command := openSource(t, path), openSource(t, path)
	done := make(chan error, 1)
	err := command.Write(t.Context(), func(*store.Tx) error {
		go func() {
			done <- server.Write(context.Background(), func(tx *store.Tx) error {
				return tx.CreateUser(context.Background(), user(1), "")
			})
		}()
		time.Sleep(6 * time.Second) // a real lock, which no fake clock moves
		return nil
	})
	if err := errors.Join(err, <-done); err != nil {
		t.Error(err)
	}
}

// TestBusyWaits has a second store hold the write lock: the first one waits
// for it, and so does a reader for nobody.
func TestBusyWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gallery.db")
	server, command := openSource(t, path), openSource(t, path)
	holding, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := command.Write(context.Background(), func(tx *store.Tx) error {
			close(holding)
			<-release
			return tx.CreateUser(context.Background(), user(1), "")
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-holding
	read(t, server, func(ctx context.Context, tx *store.Tx) error {
		wantCode(t, "what is not committed", second(tx.AccountByID(ctx, id(1))), gallery.NotFound)
		return nil
	})
	// Who will not wait may leave.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := server.Write(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a deadline: got %v, want context.DeadlineExceeded", err)
	}
	time.AfterFunc(300*time.Millisecond, func() { close(release) })
	write(t, server, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AccountByID(ctx, id(1)) // the other's commit came first
		return err
	})
	wg.Wait()
}

// TestDiskFull gives the database no room to grow, then some.
func TestDiskFull(t *testing.T) {
	db := openSQLite(t)
	addUsers(t, db, 1, 2)
	room := func(pragma string) {
		t.Helper()
		if _, err := store.Writer(db).Exec("PRAGMA max_page_count = " + pragma); err != nil {
			t.Fatal(err)
		}
	}
	room("1") // SQLite takes it as: what there is, and no page more
	var swallowed error
	fill := func(tx *store.Tx) error {
		for n := range 100 {
			bio := strings.Repeat("x", 4000)
			u := user(100 + n)
			u.Bio = bio
			if err := tx.CreateUser(context.Background(), u, ""); err != nil {
				return err
			}
		}
		return nil
	}
	err := db.Write(t.Context(), fill)
	wantCode(t, "a full disk", err, gallery.Unavailable)
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("got %v, want the cause in it", err)
	}
	if err := db.Room(t.Context()); gallery.CodeOf(err) != gallery.Unavailable {
		t.Errorf("room on a full disk: got %v, want it Unavailable", err)
	}
	// A use case that overlooks the error must not commit a half.
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		swallowed = fill(tx)
		return second(tx.AccountByID(t.Context(), id(1))) // returns the first error again
	})
	if swallowed == nil || gallery.CodeOf(err) != gallery.Unavailable {
		t.Errorf("after an overlooked error: got %v and %v, want both Unavailable", swallowed, err)
	}
	err = db.Write(t.Context(), func(tx *store.Tx) error { _ = fill(tx); return nil })
	wantCode(t, "an overlooked error and no other", err, gallery.Unavailable)

	room("1073741823")
	if err := db.Room(t.Context()); err != nil {
		t.Errorf("with room again, and nothing written since: got %v, want room", err)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		wantCode(t, "what was rolled back", second(tx.AccountByID(ctx, id(100))), gallery.NotFound)
		return nil
	})
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return fill(tx) })
	read(t, db, func(ctx context.Context, tx *store.Tx) error { return second(tx.AccountByID(ctx, id(199))) })
}

// TestDamageWithin finds a page destroyed under an open gallery's feet.
func TestDamageWithin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gallery.db")
	db, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	addUsers(t, db, 1, 500)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, path, 2*4096, info.Size()-2*4096) // all but the schema
	db, err = store.Open(t.Context(), path, store.Options{})
	if err == nil {
		err = db.Read(t.Context(), func(tx *store.Tx) error { return second(tx.AccountByID(t.Context(), id(1))) })
		db.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v, want it to say damaged", err)
	}
}
