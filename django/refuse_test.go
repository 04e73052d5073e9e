package django_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"invisibleart.example/gallery/django"
	"invisibleart.example/gallery/gallerytest/servers"
)

// TestOpenRefuses says in a line what is wrong with a source, and never a
// password.
func TestOpenRefuses(t *testing.T) {
	o := old{SQL: []string{`DROP TABLE artworks_comment`, `ALTER TABLE accounts_user RENAME COLUMN bio TO biography`}}
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	check(t, os.WriteFile(text, []byte(strings.Repeat("no database\n", 100)), 0o600))
	empty := filepath.Join(folder, "empty")
	check(t, os.WriteFile(empty, nil, 0o600))
	database := servers.Database(t)
	for _, test := range []struct{ name, source, want string }{
		{"nothing", filepath.Join(folder, "nothing"), "no such file"},
		{"a directory", folder, "not a regular file"},
		{"no database", text, "not a database"},
		{"an empty file", empty, "it lacks the table accounts_user"},
		{"some of it", o.file(t), "it lacks accounts_user.bio, the table artworks_comment"},
		{"an empty database", database, "it lacks the table accounts_user"},
		{"a wrong password", strings.Replace(database, "://gallery:", "://gallery:secret", 1), "password authentication failed"},
		{"no server", "postgres://me:secret@127.0.0.1:1/old", "refused"},
		{"no URL", "postgres://me:secret@[::1/old", "the address cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, err := django.Open(t.Context(), test.source)
			if err == nil {
				check(t, g.Close())
				t.Fatal("got a gallery, want an error")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %q, want %q and no password", err, test.want)
			}
		})
	}
}

// TestSourceIsOnlyRead leaves the old gallery as it is, byte for byte.
func TestSourceIsOnlyRead(t *testing.T) {
	source := old{Users: []row{user(1, "Ada", nil)}, Artworks: []row{picture(1, "one\n", nil)}}.file(t)
	before, err := os.ReadFile(source)
	check(t, err)
	check(t, os.Chmod(source, 0o400))
	run(t, source, targetFile(t), django.Options{})
	after, err := os.ReadFile(source)
	check(t, err)
	if string(before) != string(after) {
		t.Error("the file of the old gallery has changed")
	}
	beside, err := filepath.Glob(source + "*")
	check(t, err)
	if len(beside) != 1 {
		t.Errorf("got %v, want nothing beside the file", beside)
	}
}
