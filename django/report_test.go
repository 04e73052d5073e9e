package django_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"invisibleart.example/gallery/django"
	"invisibleart.example/gallery/vault"
)

// TestReport prints a report as people read it, word for word.
func TestReport(t *testing.T) {
	o := old{
		Users:    []row{user(1, "Ada", row{"is_superuser": true, "plain": "x"}), user(2, "ada\x1b[2J", row{"email": "ADA@example.org"})},
		Artworks: []row{picture(1, "one\n", nil), picture(2, "<html>", nil)},
		Views:    []row{looks(1, nil, "2024-03-02T12:00:00Z"), looks(1, nil, "2024-03-02T12:00:00Z")},
	}
	r := run(t, o.file(t), django.Target{}, django.Options{DryRun: true})
	want := `Dry run: nothing was written. This is what an import would do.

                  found   imported   there already   not imported
          users       2          2               0              0
       artworks       2          1               0              1
     conditions       0          0               0              0
          views       2          0               0              0
       comments       0          0               0              0
   placeholders       0          0               0              0

Not imported
  artworks: its content is refused here (1)
    ` + digits(work(2)) + `  it must be a JPEG, PNG, GIF, WebP, MP4, WebM, MP3, Ogg, PDF or UTF-8 plain text file; SVG and HTML are refused

Imported, but changed
  users: a username that is not of our form (1)
    2  "ada\x1b[2J" is ada__2J here
  users: an e-mail address that somebody has, when case does not count (1)
    2  "ADA@example.org"; signs in with 2@imported.invalid
  users: no usable password: gallery user set-password (1)
    2  signs in with 2@imported.invalid

Worth knowing
  users: superusers are administrators here (1)
    1  Ada
  artworks: hidden without a condition: only its artist reveals it, or gives it one (1)
    ` + digits(work(1)) + `
  views: anonymous views do not count here (2)
`
	var lines []string
	for line := range strings.Lines(text(r)) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	if got := strings.Join(lines, "\n") + "\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestReportIsBounded remembers so many rows of a group and counts the rest.
func TestReportIsBounded(t *testing.T) {
	o := old{Users: []row{user(1, "Ada", nil)}, Artworks: []row{picture(1, "one\n", nil)}, SQL: []string{
		`WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1500)
			INSERT INTO artworks_comment (id, artwork_id, user_id, content, created_at, updated_at)
			SELECT printf('d0000000000040008000%012d', n), '` + digits(work(1)) + `', 1, ' ', '2024-01-01 00:00:00', '2024-01-01 00:00:00' FROM s`,
	}}
	r := run(t, o.file(t), targetFile(t), django.Options{})
	if got, want := r.LeftOut(), int64(1500); got != want {
		t.Errorf("left out: got %d, want %d", got, want)
	}
	for _, want := range []string{"must not be empty (1500)\n", "    … and 500 more\n"} {
		if !strings.Contains(text(r), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// TestPlaceholders takes the pictures over that can be shown, from within the
// media root alone.
func TestPlaceholders(t *testing.T) {
	gif, err := base64.StdEncoding.DecodeString("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
	check(t, err)
	media, outside := t.TempDir(), t.TempDir()
	check(t, os.WriteFile(filepath.Join(media, "veil.gif"), gif, 0o600))
	check(t, os.WriteFile(filepath.Join(media, "veil.txt"), []byte("no picture"), 0o600))
	check(t, os.WriteFile(filepath.Join(media, "large.gif"), append(gif, make([]byte, 2<<20)...), 0o600))
	check(t, os.WriteFile(filepath.Join(outside, "veil.gif"), gif, 0o600))
	up, err := filepath.Rel(media, filepath.Join(outside, "veil.gif"))
	check(t, err)
	o := old{Users: []row{user(1, "Ada", nil)}}
	for i, name := range []string{"veil.gif", "veil.txt", "large.gif", up, "none.gif", ""} {
		o.Artworks = append(o.Artworks, picture(i+1, "one\n", row{"placeholder_image": name}))
	}
	source, to := o.file(t), targetFile(t)
	r := run(t, source, to, django.Options{MediaRoot: media})
	wantCount(t, r, django.Placeholders, django.Count{Found: 5, Imported: 1, LeftOut: 4})
	wantCount(t, r, django.Artworks, django.Count{Found: 6, Imported: 6})
	for n, want := range map[int]string{1: vault.GIF, 2: "", 3: "", 4: "", 5: "", 6: ""} {
		if got := artwork(t, to, work(n)).Placeholder; got != want {
			t.Errorf("placeholder of work %d: got %q, want %q", n, got, want)
		}
	}
	picture, err := to.Vault.OpenPlaceholder(t.Context(), work(1))
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	if got, want := picture.Size(), int64(len(gif)); got != want {
		t.Errorf("placeholder: got %d bytes, want %d", got, want)
	}
	// Left behind by the operator's choice: that is no fault of the import.
	if r := run(t, source, targetFile(t), django.Options{}); !r.Complete() {
		t.Errorf("without a media root the report is not complete:\n%s", text(r))
	}
}
