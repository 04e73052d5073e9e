package django_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/django"
	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
)

func TestMain(m *testing.M) { gallerytest.VerifyMain(m) }

const (
	oldKey    = "test-key" // the ENCRYPTION_KEY of the old galleries
	masterKey = "a master key of at least 32 bytes, for tests"
)

// old is what stands in an old gallery; see testdata/old_gallery/make.py.
type old struct {
	Key        string   `json:"key"`
	Users      []row    `json:"users"`
	Artworks   []row    `json:"artworks"`
	Conditions []row    `json:"conditions"`
	Views      []row    `json:"views"`
	Comments   []row    `json:"comments"`
	SQL        []string `json:"sql"`

	userID, workID, content string // settings of the models: "uuid"; "number"; "text" or "file"
}

type row = map[string]any

// python is Debian's: its packages are not those of another Python in the PATH.
const python = "/usr/bin/python3"

// file makes the old gallery in an SQLite file.
func (o old) file(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	o.make(t, "sqlite", path)
	return path
}

// postgresql makes it in a database on a server.
func (o old) postgresql(t testing.TB) string {
	t.Helper()
	source := servers.Database(t)
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	o.make(t, "postgresql", u.Hostname(), u.Port(), strings.Trim(u.Path, "/"), u.User.Username(), password)
	return source
}

func (o old) make(t testing.TB, where ...string) {
	t.Helper()
	if err := exec.Command(python, "-c", "import django, psycopg2, cryptography").Run(); err != nil {
		servers.Missing(t, python+" has no django, psycopg2 and cryptography; make deps installs what the tests need")
	}
	if o.Key == "" {
		o.Key = oldKey
	}
	said, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python, append([]string{"testdata/old_gallery/make.py"}, where...)...)
	command.Env = append(os.Environ(), "OLD_USER_ID="+o.userID, "OLD_WORK_ID="+o.workID, "OLD_CONTENT="+o.content)
	command.Stdin = bytes.NewReader(said)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("make an old gallery: %v\n%s", err, out)
	}
}

// engines runs a test with an old and a new gallery in files, and with both in
// PostgreSQL.
func engines(t *testing.T, test func(t *testing.T, put func(old) (source string), open func() django.Target)) {
	t.Run("SQLite", func(t *testing.T) {
		test(t, func(o old) string { return o.file(t) }, func() django.Target {
			return targetFile(t)
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		test(t, func(o old) string { return o.postgresql(t) }, func() django.Target {
			return target(t, servers.Database(t))
		})
	})
}

// target is an empty gallery.
func target(t testing.TB, database string) django.Target {
	t.Helper()
	db, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, db.Close()) })
	dir, err := vault.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, dir.Close()) })
	keys, err := vault.ParseKeys(masterKey)
	if err != nil {
		t.Fatal(err)
	}
	return django.Target{DB: db, Vault: vault.New(dir, keys)}
}

func targetFile(t testing.TB) django.Target {
	t.Helper()
	return target(t, filepath.Join(t.TempDir(), "gallery.db"))
}

// execute changes an old gallery in PostgreSQL behind everybody's back.
func execute(t testing.TB, source string, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// run imports, and expects no error.
func run(t testing.TB, source string, to django.Target, o django.Options) django.Report {
	t.Helper()
	report, err := try(t, t.Context(), source, to, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func try(t testing.TB, ctx context.Context, source string, to django.Target, o django.Options) (django.Report, error) {
	t.Helper()
	if o.EncryptionKey == "" {
		o.EncryptionKey = oldKey
	}
	from, err := django.Open(ctx, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, from.Close()) }()
	return django.Import(ctx, from, to, o)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// artwork reads a work of the new gallery.
func artwork(t testing.TB, to django.Target, id string) (a gallery.Artwork) {
	t.Helper()
	err := to.DB.Read(t.Context(), func(tx *store.Tx) (err error) {
		a, err = tx.Artwork(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatalf("artwork %s: %v", id, err)
	}
	return a
}

// account reads an account of the new gallery.
func account(t testing.TB, to django.Target, id string) (a store.Account) {
	t.Helper()
	err := to.DB.Read(t.Context(), func(tx *store.Tx) (err error) {
		a, err = tx.AccountByID(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatalf("user %s: %v", id, err)
	}
	return a
}

// opened reads the content of a work out of the new vault.
func opened(t testing.TB, to django.Target, id string) string {
	t.Helper()
	content, err := to.Vault.Open(t.Context(), id, artwork(t, to, id).Seal)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	plain, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// The ids of the tests: of works, and of what belongs to them.
func work(n int) string      { return fmt.Sprintf("a0000000-0000-4000-8000-%012d", n) }
func condition(n int) string { return fmt.Sprintf("c0000000-0000-4000-8000-%012d", n) }
func comment(n int) string   { return fmt.Sprintf("d0000000-0000-4000-8000-%012d", n) }
func person(n int) string    { return fmt.Sprintf("e0000000-0000-4000-8000-%012d", n) }

// digits is an id as SQLite holds it.
func digits(id string) string { return strings.ReplaceAll(id, "-", "") }

func user(id any, name string, more row) row {
	u := row{"id": id, "username": name, "email": strings.ToLower(name) + "@example.org", "password": "!unusable",
		"date_joined": "2024-02-03T04:05:06.789012Z"}
	for k, v := range more {
		u[k] = v
	}
	return u
}

// picture is an artwork of user 1 whose content is the text.
func picture(n int, text string, more row) row {
	a := row{"id": work(n), "artist_id": 1, "title": fmt.Sprintf("Work %d", n), "content_type": "text/plain",
		"plain": base64.StdEncoding.EncodeToString([]byte(text)), "created_at": "2024-03-01T10:00:00.000001Z", "updated_at": "2024-03-05T10:00:00Z"}
	for k, v := range more {
		a[k] = v
	}
	return a
}

func waits(n, artwork int, kind string, value any, more row) row {
	c := row{"id": condition(n), "artwork_id": work(artwork), "condition_type": kind, "condition_value": value,
		"created_at": "2024-03-01T10:00:00Z", "updated_at": "2024-03-02T10:00:00Z"}
	for k, v := range more {
		c[k] = v
	}
	return c
}

func says(n, artwork int, user any, text string) row {
	return row{"id": comment(n), "artwork_id": work(artwork), "user_id": user, "content": text, "created_at": "2024-03-03T10:00:00Z"}
}

func looks(artwork int, user any, at string) row {
	return row{"artwork_id": work(artwork), "viewer_id": user, "viewed_at": at}
}

func vienna(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// has expects a group of the report to name exactly these rows.
func has(t testing.TB, r django.Report, o django.Outcome, table django.Table, why string, ids ...string) {
	t.Helper()
	for _, g := range r.Groups {
		if g.Outcome != o || g.Table != table || !strings.Contains(g.Why, why) {
			continue
		}
		var got []string
		for _, row := range g.Rows {
			got = append(got, digits(row.ID))
		}
		want := make([]string, len(ids))
		for i, id := range ids {
			want[i] = digits(id)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s, %s, %q: got rows %v, want %v", o, table, g.Why, got, want)
		}
		return
	}
	t.Errorf("the report says nothing of %s, %s, %q:\n%s", o, table, why, text(r))
}

func text(r django.Report) string {
	var b strings.Builder
	r.WriteTo(&b)
	return b.String()
}

func wantCount(t testing.TB, r django.Report, table django.Table, want django.Count) {
	t.Helper()
	if got := r.Counts[table]; got != want {
		t.Errorf("%s: got %+v, want %+v", table, got, want)
	}
}
