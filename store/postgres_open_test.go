package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// with changes a part of a database's URL.
func with(t testing.TB, source string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// setting gives the sessions of a URL a parameter.
func setting(t testing.TB, source, name, value string) string {
	t.Helper()
	return with(t, source, func(u *url.URL) {
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
	})
}

// execute runs statements in a database past the store.
func execute(t testing.TB, driver, source string, statements ...string) {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOpenRefusesDatabase holds every refusal to one line that says what is
// wrong, and never the password.
func TestOpenRefusesDatabase(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	const secret = "s3cr3t-of-the-house"
	made := func(t *testing.T, source string) {
		t.Helper()
		if _, _, err := store.Migrate(t.Context(), source, store.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, want string
		spoil      func(t *testing.T, source string) string
	}{
		{"no server", "no PostgreSQL answers at 127.0.0.1:", func(t *testing.T, source string) string {
			return with(t, source, func(u *url.URL) { u.Host = servers.Proxy(t, "127.0.0.1:1").Addr })
		}},
		{"nobody listens", "connection refused", func(t *testing.T, source string) string {
			wire := servers.Proxy(t, "127.0.0.1:1")
			wire.Cut()
			return with(t, source, func(u *url.URL) { u.Host = wire.Addr })
		}},
		{"a server that says nothing", "it takes too long", func(t *testing.T, source string) string {
			return setting(t, with(t, source, func(u *url.URL) { u.Host = silent.Addr().String() }), "connect_timeout", "1")
		}},
		{"no such host", "there is no host", func(t *testing.T, source string) string {
			return with(t, source, func(u *url.URL) { u.Host = "nowhere.invalid:5432" })
		}},
		{"a wrong password", `refuses the password of user "gallery"`, func(t *testing.T, source string) string {
			return with(t, source, func(u *url.URL) { u.User = url.UserPassword(servers.Role, secret) })
		}},
		{"no such user", "refuses the password", func(t *testing.T, source string) string {
			return with(t, source, func(u *url.URL) { u.User = url.UserPassword("nobody", secret) })
		}},
		{"no such database", `there is no database "nothing"`, func(t *testing.T, source string) string {
			return with(t, source, func(u *url.URL) { u.Path = "/nothing" })
		}},
		{"no encryption there", "TLS", func(t *testing.T, source string) string { return setting(t, source, "sslmode", "require") }},
		{"an unreadable URL", "cannot be read", func(t *testing.T, source string) string {
			return strings.Replace(source, "@", "/"+secret+"@", 1)
		}},
		{"an unknown mode", "cannot be read", func(t *testing.T, source string) string { return setting(t, source, "sslmode", secret) }},
		{"a newer schema", "newer than this program", func(t *testing.T, source string) string {
			made(t, source)
			execute(t, "pgx", source, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
			return source
		}},
		{"another program's tables", "another program", func(t *testing.T, source string) string {
			execute(t, "pgx", source, "CREATE TABLE contacts (name TEXT)")
			return source
		}},
		{"another program's versions", "another program", func(t *testing.T, source string) string {
			execute(t, "pgx", source, "CREATE TABLE contacts (name TEXT)",
				"CREATE TABLE goose_db_version (id INTEGER, version_id BIGINT, is_applied BOOLEAN, tstamp TIMESTAMP)",
				"INSERT INTO goose_db_version VALUES (1, 1, true, now())")
			return source
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := c.spoil(t, servers.Database(t))
			began := time.Now()
			db, err := store.Open(t.Context(), source, store.Options{})
			if err == nil {
				db.Close()
				t.Fatalf("opened, want an error with %q", c.want)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("took %v to say so", took)
			}
			u, _ := url.Parse(source)
			password := secret
			if u != nil {
				password, _ = u.User.Password()
			}
			got := err.Error()
			if !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want one line with %q", got, c.want)
			}
			if strings.Contains(got, password) || strings.Contains(got, secret) {
				t.Errorf("the error quotes the password: %q", got)
			}
		})
	}
}

// TestForeignTablesStay opens a database of another program and finds nothing
// added to it.
func TestForeignTablesStay(t *testing.T) {
	source := servers.Database(t)
	execute(t, "pgx", source, "CREATE TABLE contacts (name TEXT)")
	if db, err := store.Open(t.Context(), source, store.Options{}); err == nil {
		db.Close()
		t.Fatal("opened another program's database")
	}
	db, err := sql.Open("pgx", source)
	if err != nil {
		t.Fatal(err)
	}
	var tables int
	err = db.QueryRow("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	if err := errors.Join(err, db.Close()); err != nil || tables != 1 {
		t.Errorf("got %d tables (%v), want the one that was there", tables, err)
	}
}

func TestServerVersion(t *testing.T) {
	for number, want := range map[int]string{90624: "PostgreSQL 9,", 130022: "PostgreSQL 13,", 139999: "too old", 140000: "", 150018: "", 180001: ""} {
		err := store.CheckVersion(number)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("version %d: got %v, want %q", number, err, want)
		}
	}
}

// TestEverySessionIsSetUp looks at several sessions of each pool, on a database
// whose operator thinks otherwise.
func TestEverySessionIsSetUp(t *testing.T) {
	source := servers.Database(t)
	name := strings.TrimPrefix(with(t, source, func(u *url.URL) { *u = url.URL{Path: u.Path} }), "/")
	execute(t, "pgx", source, "ALTER DATABASE "+name+" SET synchronous_commit = off",
		"ALTER DATABASE "+name+" SET default_transaction_isolation = 'serializable'")
	db := openWith(t, setting(t, source, "statement_timeout", "7s"), store.Options{Patience: 9 * time.Second})
	for pool, isolation := range map[*sql.DB]string{store.Writer(db): "read committed", store.Reader(db): "repeatable read"} {
		for range 3 {
			conn, err := pool.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for name, want := range map[string]string{"synchronous_commit": "on", "application_name": "gallery",
				"idle_in_transaction_session_timeout": "9s", "statement_timeout": "7s"} {
				var got string
				if err := conn.QueryRowContext(t.Context(), "SHOW "+name).Scan(&got); err != nil || got != want {
					t.Errorf("%s: got %q (%v), want %q", name, got, err, want)
				}
			}
		}
		run := db.Write
		if isolation != "read committed" {
			run = db.Read
		}
		err := run(t.Context(), func(tx *store.Tx) error {
			return store.Exec(t.Context(), tx, `DO $$ BEGIN IF current_setting('transaction_isolation') <> '`+isolation+
				`' THEN RAISE '%', current_setting('transaction_isolation'); END IF; END $$`)
		})
		if err != nil {
			t.Errorf("isolation: got %v, want %s", err, isolation)
		}
	}
}

// TestOpenWhileAnotherMigrates looks at a database just when another node's step
// commits: what it has seen of it before does not make it another program's.
func TestOpenWhileAnotherMigrates(t *testing.T) {
	source := servers.Database(t)
	if _, _, err := store.Migrate(t.Context(), source, store.Options{}); err != nil {
		t.Fatal(err)
	}
	execute(t, "pgx", source, "CREATE TABLE steps AS SELECT * FROM goose_db_version WHERE version_id > 0",
		"DELETE FROM goose_db_version WHERE version_id > 0", "ALTER TABLE announcement_head RENAME TO not_yet")
	db, err := sql.Open("pgx", source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Rollback()
	for _, step := range []string{"LOCK TABLE goose_db_version", "ALTER TABLE not_yet RENAME TO announcement_head",
		"INSERT INTO goose_db_version SELECT * FROM steps", "DROP TABLE steps"} {
		if _, err := other.Exec(step); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	opened := make(chan error, 1)
	go func() {
		node, err := store.Open(context.Background(), source, store.Options{})
		if err == nil {
			err = node.Close()
		}
		opened <- err
	}()
	for waits := false; !waits; time.Sleep(time.Millisecond) {
		if err := db.QueryRow(`SELECT EXISTS (SELECT 1 FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits); err != nil || len(opened) > 0 {
			t.Fatalf("opened without a look at the version (%v)", err)
		}
	}
	if err := other.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Errorf("open: got %v, want nil", err)
	}
}
