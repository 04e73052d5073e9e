package django_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/django"
)

// TestAccountsWithTrouble brings accounts that cannot be taken over as they are:
// each is there afterwards, and each change stands in the report.
func TestAccountsWithTrouble(t *testing.T) {
	long := strings.Repeat("x", 149) + "é"
	o := old{Users: []row{
		user(1, "ada", row{"is_active": false}),
		user(2, "Ada", row{"email": "ADA@example.org"}),   // the one that is used keeps name and address
		user(3, "ᴬda", row{"email": "third@example.org"}), // the same by its compatibility form
		user(4, "Eve Moneypenny", row{"email": ""}),       // a space
		user(5, "no address", row{"email": "not mailable"}),
		user(6, "<<<", row{"email": "sixth@example.org"}),
		user(7, long, row{"email": "seventh@example.org"}),
		user(8, strings.ToUpper(long), row{"email": "eighth@example.org"}), // clashes, and has no room for -2
		user(9, "sha1", row{"plain": "x", "hasher": "pbkdf2_sha1"}),
		user(10, "md5", row{"plain": "x", "hasher": "unsalted_md5"}),
		user(11, "bcrypt", row{"password": "bcrypt_sha256$$2b$12$LQv3c1yqBWVHxkd0LHAkCOYz6TtxMQJqhN8/LewKyNiGHFqFqFqFq"}),
		user(12, "argon", row{"password": "argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHRzb21lc2FsdA$UFdTQ29tZWhhc2hzb21laGFzaHNvbWVoYXNoc28"}),
		user(13, "old_argon", row{"password": "argon2$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$UFdTQ29tZWhhc2hzb21laGFzaHNvbWVoYXNoc28"}),
		user(14, "nobody", nil), // "!unusable"
		user(15, "empty", row{"password": ""}),
		user(16, "novelist", row{"plain": "x", "bio": strings.Repeat("é", 1001)}),
		user(17, "django", row{"plain": "x"}),
	}}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		to := open()
		r := run(t, put(o), to, django.Options{})
		wantCount(t, r, django.Users, django.Count{Found: 17, Imported: 17})
		for id, want := range map[string]struct{ name, email string }{
			"2": {"Ada", "ADA@example.org"},
			"1": {"ada-3", "1@imported.invalid"},
			"3": {"ᴬda-2", "third@example.org"},
			"4": {"Eve_Moneypenny", "4@imported.invalid"},
			"5": {"no_address", "5@imported.invalid"},
			"6": {"___", "sixth@example.org"},
			"7": {long, "seventh@example.org"},
			"8": {strings.Repeat("X", 148) + "-2", "eighth@example.org"},
		} {
			if got := account(t, to, id); got.Username != want.name || got.Email != want.email {
				// Which of two deactivated or two active ones is first is told by their ids alone.
				t.Errorf("user %s: got %q and %q, want %q and %q", id, got.Username, got.Email, want.name, want.email)
			}
		}
		for id, usable := range map[string]bool{"9": false, "10": false, "11": false, "12": true, "13": false, "14": false, "15": false, "17": true} {
			if got := account(t, to, id).PasswordHash; (got != "!") != usable {
				t.Errorf("password of user %s: got %q, want one that is kept: %v", id, got, usable)
			}
		}
		if got := account(t, to, "12").PasswordHash; !strings.HasPrefix(got, "$argon2id$v=19$m=102400") {
			t.Errorf("password of user 12: got %q, want it without Django's word before it", got)
		}
		if got := account(t, to, "16").Bio; got != strings.Repeat("é", 999)+"…" {
			t.Errorf("biography: got %d characters, want it cut at 1,000", len([]rune(got)))
		}
		has(t, r, django.Changed, django.Users, "no e-mail address", "4")
		has(t, r, django.Changed, django.Users, "e-mail address that is none", "5")
		has(t, r, django.Changed, django.Users, "e-mail address that somebody has", "1")
		has(t, r, django.Changed, django.Users, "a username that somebody has", "3", "8", "1")
		has(t, r, django.Changed, django.Users, "not of our form", "4", "5", "6")
		has(t, r, django.Changed, django.Users, `"pbkdf2_sha1"`, "9")
		has(t, r, django.Changed, django.Users, `"bcrypt_sha256"`, "11")
		has(t, r, django.Changed, django.Users, "no usable password", "2", "3", "4", "5", "6", "7", "8", "14", "15", "1")
		has(t, r, django.Changed, django.Users, "the biography", "16")
	})
}

// TestWorksWithTrouble brings works and what belongs to them in every state
// that Django lets them be in.
func TestWorksWithTrouble(t *testing.T) {
	broken := func(n int, raw string) row {
		a := picture(n, "", row{"raw": base64.StdEncoding.EncodeToString([]byte(raw))})
		delete(a, "plain")
		return a
	}
	o := old{
		Users: []row{user(1, "Ada", nil), user(2, "Bob", nil)},
		Artworks: []row{
			picture(1, "fine\n", row{"title": "  ", "description": strings.Repeat("d", 5001), "content_type": "image/png"}),
			picture(2, "<svg xmlns='http://www.w3.org/2000/svg'/>", nil),
			picture(3, "sealed with another key\n", row{"key": "another key"}),
			broken(4, "short"), broken(5, strings.Repeat("x", 40)), broken(6, ""), broken(7, strings.Repeat("i", 16)),
			picture(8, "", nil), // empty once it is opened
			picture(9, "met, and still hidden\n", nil), picture(10, "due, and still hidden\n", nil),
			picture(11, "never\n", nil), picture(12, "revealed before it was made\n", row{"is_revealed": true}),
			picture(13, "reached, and still hidden\n", nil),
		},
		Conditions: []row{
			waits(9, 9, "view_count", row{"count": 9}, row{"is_met": true}),
			waits(10, 10, "time", row{"reveal_at": "2024-03-01T10:00:00Z"}, nil),
			waits(12, 12, "view_count", row{"count": 1}, row{"is_met": true, "updated_at": "2020-01-01T00:00:00Z"}),
			waits(13, 13, "interactive", row{"comment_count": 1}, nil),
			waits(20, 2, "view_count", row{"count": 9}, nil),
		},
		Views: []row{looks(2, 2, "2024-03-02T12:00:00Z"), looks(2, nil, "2024-03-02T12:00:00Z")},
		Comments: []row{
			says(1, 1, 2, strings.Repeat("é", 2001)), says(2, 1, 2, " \n "), says(3, 1, 2, "fine"),
			says(4, 2, 2, "on a work that is refused"), says(5, 13, 2, "the first of one"),
		},
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		to := open()
		r := run(t, put(o), to, django.Options{})
		wantCount(t, r, django.Artworks, django.Count{Found: 13, Imported: 6, LeftOut: 7})
		wantCount(t, r, django.Conditions, django.Count{Found: 5, Imported: 4, LeftOut: 1})
		wantCount(t, r, django.Comments, django.Count{Found: 5, Imported: 3, LeftOut: 2})
		wantCount(t, r, django.Views, django.Count{Found: 2, LeftOut: 2})
		has(t, r, django.LeftOut, django.Artworks, "refused", work(2), work(8))
		has(t, r, django.LeftOut, django.Artworks, "cannot be opened", work(3), work(4), work(5), work(6), work(7))
		has(t, r, django.Changed, django.Artworks, "the title", work(1))
		has(t, r, django.Changed, django.Artworks, "the description", work(1))
		has(t, r, django.Changed, django.Artworks, "bytes do not bear out", work(1))
		has(t, r, django.Noted, django.Artworks, "a condition is met", work(9), work(13))
		has(t, r, django.Noted, django.Artworks, "its time has come", work(10))
		has(t, r, django.Noted, django.Artworks, "without a condition", work(1), work(11))
		has(t, r, django.Changed, django.Comments, "too long", comment(1))
		has(t, r, django.LeftOut, django.Comments, "must not be empty", comment(2))
		has(t, r, django.LeftOut, django.Comments, "artwork was not imported")
		if a := artwork(t, to, work(1)); a.Title != "Untitled" || len(a.Description) != 4999+len("…") || a.CommentCount != 2 {
			t.Errorf("work 1: got %+v", a)
		}
		if a := artwork(t, to, work(12)); !a.RevealedAt.Equal(a.CreatedAt) {
			t.Errorf("work 12: revealed at %v, want not before it was made, %v", a.RevealedAt, a.CreatedAt)
		}
		// What has come so far stands in the row; revealing is for the act that follows.
		if c := artwork(t, to, work(13)).Conditions[0]; c.Current != 1 || c.IsMet {
			t.Errorf("condition of work 13: got %+v, want 1 of 1 and not met", c)
		}
		if a := artwork(t, to, work(9)); a.IsRevealed() || !a.Conditions[0].IsMet {
			t.Errorf("work 9: got %+v, want hidden with a met condition", a)
		}
	})
}

// TestConditions reads every way in which a condition may be written.
func TestConditions(t *testing.T) {
	type want struct {
		measure gallery.Measure
		target  int64
		at      string // of a time
		why     string // when it is left out
	}
	wants := []struct {
		kind  string
		value any
		want
	}{
		{"view_count", row{"count": 12}, want{measure: gallery.MeasureViews, target: 12}},
		{"view_count", row{"count": "12"}, want{measure: gallery.MeasureViews, target: 12}},
		{"view_count", row{"count": 12.0}, want{measure: gallery.MeasureViews, target: 12}},
		{"view_count", row{"count": 0}, want{measure: gallery.MeasureViews, target: 1}},
		{"view_count", row{"count": 1e30}, want{measure: gallery.MeasureViews, target: 1 << 53}},
		{"VIEW_COUNT", row{"count": 3, "unit": "people"}, want{measure: gallery.MeasureViews, target: 3}},
		{"view_count", `{"count": 4}`, want{measure: gallery.MeasureViews, target: 4}}, // json.dumps into a JSONField
		{"interactive", row{"comment_count": 2}, want{measure: gallery.MeasureComments, target: 2}},
		{"time", row{"reveal_at": "2030-01-02T03:04:05Z"}, want{measure: gallery.MeasureTime, at: "2030-01-02T03:04:05Z"}},
		{"time", row{"reveal_at": "2030-01-02T03:04:05.678901+05:30"}, want{measure: gallery.MeasureTime, at: "2030-01-01T21:34:05.678901Z"}},
		{"time", row{"reveal_at": "2030-01-02 03:04:05+0100"}, want{measure: gallery.MeasureTime, at: "2030-01-02T02:04:05Z"}},
		{"time", row{"reveal_at": "2030-01-02T03:04:05"}, want{measure: gallery.MeasureTime, at: "2030-01-02T02:04:05Z"}}, // no zone: Vienna
		{"time", row{"reveal_at": "2030-07-02T03:04"}, want{measure: gallery.MeasureTime, at: "2030-07-02T01:04:00Z"}},
		{"time", row{"reveal_at": "2030-01-02"}, want{measure: gallery.MeasureTime, at: "2030-01-01T23:00:00Z"}},
		{"location", row{"latitude": 1}, want{measure: gallery.MeasureLocation, target: 1}},
		{"location", []int{1}, want{measure: gallery.MeasureLocation, target: 1}},
		{"time", row{"reveal_at": "soon"}, want{why: "no time"}},
		{"time", row{"reveal_at": "0001-01-01T00:00:00Z"}, want{why: "no time"}},
		{"time", row{}, want{why: "no reveal_at"}},
		{"view_count", row{"count": "many"}, want{why: "no whole number"}},
		{"view_count", row{"count": 1.5}, want{why: "no whole number"}},
		{"view_count", row{"count": nil}, want{why: "no count"}},
		{"view_count", []int{5}, want{why: "no JSON object"}},
		{"interactive", row{"likes": 5}, want{why: "no comment_count"}},
		{"weather", row{"rain": true}, want{why: "type that is not known"}},
	}
	o := old{Users: []row{user(1, "Ada", nil)}, Artworks: []row{picture(1, "one\n", nil)}}
	left := map[string][]string{}
	for i, w := range wants {
		o.Conditions = append(o.Conditions, waits(i, 1, w.kind, w.value, nil))
		if w.why != "" {
			left[w.why] = append(left[w.why], condition(i))
		}
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		to := open()
		r := run(t, put(o), to, django.Options{Zone: vienna(t)})
		got := map[string]gallery.Condition{}
		for _, c := range artwork(t, to, work(1)).Conditions {
			got[c.ID] = c
		}
		for i, w := range wants {
			c, there := got[condition(i)]
			if there != (w.why == "") {
				t.Errorf("%s %v: got %+v, want it left out: %q", w.kind, w.value, c, w.why)
			}
			if !there || w.why != "" {
				continue
			}
			if c.Measure != w.measure || c.Target != w.target || (w.at != "" && !c.RevealAt.Equal(instant(t, w.at))) || c.IsMet {
				t.Errorf("%s %v: got %+v, want %+v", w.kind, w.value, c, w.want)
			}
		}
		for why, ids := range left {
			has(t, r, django.LeftOut, django.Conditions, why, ids...)
		}
		has(t, r, django.Changed, django.Conditions, "below 1", condition(3))
		has(t, r, django.Changed, django.Conditions, "more in its value", condition(5))
	})
}

// TestOrphans brings rows that belong to nothing, and texts that only SQLite
// lets in.
func TestOrphans(t *testing.T) {
	o := old{
		Users:      []row{user(1, "Ada", nil), user(2, "Bob", nil), user(3, "Eve", nil)},
		Artworks:   []row{picture(1, "one\n", nil), picture(2, "two\n", row{"artist_id": 3}), picture(3, "gone\n", nil)},
		Conditions: []row{waits(1, 1, "view_count", row{"count": 5}, nil), waits(3, 3, "view_count", row{"count": 5}, nil)},
		Views:      []row{looks(1, 2, "2024-03-02T12:00:00Z"), looks(1, 3, "2024-03-02T12:00:00Z"), looks(3, 2, "2024-03-02T12:00:00Z")},
		Comments:   []row{says(1, 1, 3, "by one who is gone"), says(2, 1, 2, "stays"), says(3, 3, 2, "on a work that is gone")},
		SQL: []string{
			`DELETE FROM accounts_user WHERE id = 3`,
			`DELETE FROM artworks_artwork WHERE id = '` + digits(work(3)) + `'`,
			`UPDATE accounts_user SET username = 'B' || char(0) || 'b', bio = CAST(x'41ff0042' AS TEXT) WHERE id = 2`,
			`UPDATE artworks_comment SET created_at = 'yesterday' WHERE user_id = 2`,
		},
	}
	to := targetFile(t)
	r := run(t, o.file(t), to, django.Options{})
	wantCount(t, r, django.Users, django.Count{Found: 2, Imported: 2})
	wantCount(t, r, django.Artworks, django.Count{Found: 2, Imported: 1, LeftOut: 1})
	wantCount(t, r, django.Conditions, django.Count{Found: 2, Imported: 1, LeftOut: 1})
	wantCount(t, r, django.Views, django.Count{Found: 3, Imported: 1, LeftOut: 2})
	wantCount(t, r, django.Comments, django.Count{Found: 3, Imported: 1, LeftOut: 2})
	has(t, r, django.LeftOut, django.Artworks, "artist is not here", work(2))
	has(t, r, django.LeftOut, django.Views, "artwork is gone")
	has(t, r, django.LeftOut, django.Comments, "who wrote it", comment(1))
	if bob := account(t, to, "2"); strings.ContainsRune(bob.Username+bob.Bio, 0) || !strings.HasPrefix(bob.Bio, "A") {
		t.Errorf("got username %q and biography %q, want them without NUL", bob.Username, bob.Bio)
	}
	if list, _ := comments(t, to, work(1)); len(list) != 1 || list[0].CreatedAt.IsZero() {
		t.Errorf("comments: got %+v, want the one that stays, with some time", list)
	}
}

// TestFormsOfContent reads ciphertext that lies in a column of text or in a
// file of the media root.
func TestFormsOfContent(t *testing.T) {
	raw := func(n int, column string) row {
		a := picture(n, "", row{"raw": base64.StdEncoding.EncodeToString([]byte(column))})
		delete(a, "plain")
		return a
	}
	// IV 00…0f and "hello" under "test-key", in both alphabets of base64.
	const vector = "AAECAwQFBgcICQoLDA0OD9xykazA/POW6vbgI1A6LSI="
	unsafe := strings.NewReplacer("/", "_", "+", "-", "=", "").Replace(vector)
	large := strings.Repeat("0123456789abcde\n", 300_000) // more than a piece, in base64 twice
	t.Run("text", func(t *testing.T) {
		o := old{content: "text", Users: []row{user(1, "Ada", nil)}, Artworks: []row{
			raw(1, vector), raw(2, unsafe), raw(3, vector[:20]+"\r\n"+vector[20:]), raw(4, "no base64!"), raw(5, vector[:21]), picture(6, large, nil),
		}}
		engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
			to := open()
			r := run(t, put(o), to, django.Options{})
			for n := 1; n <= 3; n++ {
				if got, want := opened(t, to, work(n)), "hello"; got != want {
					t.Errorf("content of work %d: got %q, want %q", n, got, want)
				}
			}
			if got := opened(t, to, work(6)); got != large {
				t.Errorf("large content: got %d bytes, want the same %d", len(got), len(large))
			}
			has(t, r, django.LeftOut, django.Artworks, "cannot be opened", work(4), work(5))
		})
	})
	t.Run("file", func(t *testing.T) {
		media := t.TempDir()
		sealed, err := base64.StdEncoding.DecodeString(vector)
		check(t, err)
		check(t, os.Mkdir(filepath.Join(media, "sealed"), 0o700))
		check(t, os.WriteFile(filepath.Join(media, "sealed", "one.enc"), sealed, 0o600))
		outside := filepath.Join(t.TempDir(), "outside.enc")
		check(t, os.WriteFile(outside, sealed, 0o600))
		check(t, os.Symlink(outside, filepath.Join(media, "link.enc")))
		up, err := filepath.Rel(media, outside)
		check(t, err)
		o := old{content: "file", Users: []row{user(1, "Ada", nil)}, Artworks: []row{
			raw(1, "sealed/one.enc"), raw(2, "sealed/none.enc"), raw(3, "link.enc"), raw(4, up), raw(5, "sealed"),
		}}
		source, to := o.file(t), targetFile(t)
		r := run(t, source, to, django.Options{MediaRoot: media})
		if got, want := opened(t, to, work(1)), "hello"; got != want {
			t.Errorf("content: got %q, want %q", got, want)
		}
		has(t, r, django.LeftOut, django.Artworks, "cannot be opened", work(2), work(3), work(4), work(5))
		to = targetFile(t)
		r = run(t, source, to, django.Options{})
		has(t, r, django.LeftOut, django.Artworks, "cannot be opened", work(1), work(2), work(3), work(4), work(5))
		if !strings.Contains(text(r), "where is the media root?") {
			t.Errorf("the report does not ask for the media root:\n%s", text(r))
		}
	})
}
