package django_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/django"
	"invisibleart.example/gallery/store"
)

// TestImport takes a gallery over in which everything is as it should be, and
// looks at every row of it.
func TestImport(t *testing.T) {
	o := old{
		Users: []row{
			user(1, "Ada", row{"is_artist": true, "bio": "Paints numbers.", "profile_picture": "profiles/ada.jpg", "plain": "password123"}),
			user(2, "Bob", row{"is_superuser": true}),
			user(3, "Eve", row{"is_active": false}),
		},
		Artworks: []row{
			picture(1, "hidden, by and by\n", row{"description": "One.", "view_count": 7}),
			picture(2, "revealed by its views\n", row{"is_revealed": true}),
			picture(3, "revealed by hand\n", row{"is_revealed": true, "artist_id": 2}),
		},
		Conditions: []row{
			waits(1, 1, "time", row{"reveal_at": "2100-01-02T03:04:05.678901+02:00"}, nil),
			waits(2, 1, "view_count", row{"count": 5}, row{"created_at": "2024-03-01T10:00:01Z"}),
			waits(3, 1, "interactive", row{"comment_count": 3}, row{"created_at": "2024-03-01T10:00:02Z"}),
			waits(4, 1, "location", row{"latitude": 48.2, "longitude": 16.4}, row{"created_at": "2024-03-01T10:00:03Z"}),
			waits(5, 2, "view_count", row{"count": 100}, row{"is_met": true, "updated_at": "2024-03-04T10:00:00Z"}),
			waits(6, 2, "interactive", row{"comment_count": 1}, row{"is_met": true, "updated_at": "2024-03-03T10:00:00.123456Z", "created_at": "2024-03-01T10:00:01Z"}),
		},
		Views: []row{
			looks(1, 2, "2024-03-02T12:00:00Z"), looks(1, 2, "2024-03-02T11:00:00.5Z"), looks(1, 3, "2024-03-02T11:30:00Z"),
			looks(1, nil, "2024-03-02T11:00:00Z"), looks(1, 1, "2024-03-02T11:00:00Z"),
			looks(2, 2, "2024-03-02T11:00:00Z"),
		},
		Comments: []row{says(1, 1, 2, "What is it?"), says(2, 1, 1, "Wait."), says(3, 2, 2, " So that is it. ")},
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		to := open()
		r := run(t, put(o), to, django.Options{})
		if !r.Complete() || r.LeftOut() != 0 {
			t.Errorf("the report is not complete:\n%s", text(r))
		}
		for table, want := range map[django.Table]django.Count{
			django.Users: {Found: 3, Imported: 3}, django.Artworks: {Found: 3, Imported: 3},
			django.Conditions: {Found: 6, Imported: 6}, django.Comments: {Found: 3, Imported: 3},
			django.Views: {Found: 6, Imported: 3},
		} {
			wantCount(t, r, table, want)
		}
		has(t, r, django.Noted, django.Conditions, "location", condition(4))
		has(t, r, django.Noted, django.Users, "superusers", "2")
		has(t, r, django.Noted, django.Views, "anonymous")
		has(t, r, django.Noted, django.Views, "repeated")
		has(t, r, django.Noted, django.Views, "artist's own")

		joined := instant(t, "2024-02-03T04:05:06.789012Z")
		for _, want := range []gallery.User{
			{ID: "1", Username: "Ada", Email: "ada@example.org", Bio: "Paints numbers.", IsArtist: true, IsActive: true, CreatedAt: joined},
			{ID: "2", Username: "Bob", Email: "bob@example.org", IsAdmin: true, IsActive: true, CreatedAt: joined},
			{ID: "3", Username: "Eve", Email: "eve@example.org", CreatedAt: joined},
		} {
			if got := account(t, to, want.ID); got.User != want || !got.ValidAfter.IsZero() {
				t.Errorf("user: got %+v, want %+v", got, want)
			}
		}
		if got := account(t, to, "1").PasswordHash; !strings.HasPrefix(got, "pbkdf2_sha256$") {
			t.Errorf("password of Ada: got %q, want Django's hash", got)
		}

		ada := gallery.UserRef{ID: "1", Username: "Ada"}
		created, updated := instant(t, "2024-03-01T10:00:00.000001Z"), instant(t, "2024-03-05T10:00:00Z")
		for _, want := range []gallery.Artwork{
			{
				ID: work(1), Title: "Work 1", Description: "One.", Artist: ada, ViewCount: 2, ViewsBefore: 7, CommentCount: 2,
				Conditions: []gallery.Condition{
					{ID: condition(1), Measure: gallery.MeasureTime, RevealAt: instant(t, "2100-01-02T01:04:05.678901Z")},
					{ID: condition(2), Measure: gallery.MeasureViews, Target: 5, Current: 2},
					{ID: condition(3), Measure: gallery.MeasureComments, Target: 3, Current: 2},
					{ID: condition(4), Measure: gallery.MeasureLocation, Target: 1},
				},
			},
			{
				ID: work(2), Title: "Work 2", Artist: ada, ViewCount: 1, CommentCount: 1, RevealedAt: instant(t, "2024-03-03T10:00:00.123456Z"),
				Conditions: []gallery.Condition{
					{ID: condition(5), Measure: gallery.MeasureViews, Target: 100, Current: 100, IsMet: true},
					{ID: condition(6), Measure: gallery.MeasureComments, Target: 1, Current: 1, IsMet: true},
				},
			},
			{ID: work(3), Title: "Work 3", Artist: gallery.UserRef{ID: "2", Username: "Bob"}, RevealedAt: updated},
		} {
			want.ContentType, want.RevealWhen, want.Reactions = "text/plain; charset=utf-8", gallery.RevealAny, map[string]int64{}
			want.CreatedAt, want.UpdatedAt = created, updated
			got := artwork(t, to, want.ID)
			want.Seal = got.Seal // sealed anew; what it holds is looked at below
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("artwork %s (-want +got):\n%s", want.ID, diff)
			}
		}
		for n, want := range []string{1: "hidden, by and by\n", 2: "revealed by its views\n", 3: "revealed by hand\n"} {
			if n == 0 {
				continue
			}
			if got := opened(t, to, work(n)); got != want {
				t.Errorf("content of work %d: got %q, want %q", n, got, want)
			}
		}
		said, _ := comments(t, to, work(1))
		want := []gallery.Comment{
			{ID: comment(2), ArtworkID: work(1), User: ada, Content: "Wait.", CreatedAt: instant(t, "2024-03-03T10:00:00Z")},
			{ID: comment(1), ArtworkID: work(1), User: gallery.UserRef{ID: "2", Username: "Bob"}, Content: "What is it?", CreatedAt: instant(t, "2024-03-03T10:00:00Z")},
		}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("comments (-want +got):\n%s", diff)
		}
		if said, _ := comments(t, to, work(2)); len(said) != 1 || said[0].Content != "So that is it." {
			t.Errorf("comments of work 2: got %+v, want one, trimmed", said)
		}
		nobodyIsTold(t, to)
	})
}

func comments(t testing.TB, to django.Target, id string) (list []gallery.Comment, err error) {
	t.Helper()
	err = to.DB.Read(t.Context(), func(tx *store.Tx) (err error) {
		list, _, err = tx.Comments(t.Context(), id, gallery.Page{Limit: 100})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return list, err
}

// nobodyIsTold expects no event and no notification in the new gallery.
func nobodyIsTold(t testing.TB, to django.Target) {
	t.Helper()
	err := to.DB.Read(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Outbox(t.Context(), "", time.Now().Add(time.Hour), 10)
		if err != nil {
			return err
		}
		head, err := tx.InboxHead(t.Context(), "1")
		if len(events) > 0 || head != 0 {
			t.Errorf("got %d events and %d notifications of Ada, want none", len(events), head)
		}
		return err
	})
	check(t, err)
}

// TestVectors imports the ciphertext and the password hash that the
// specification's stack is known by.
func TestVectors(t *testing.T) {
	const hash = "pbkdf2_sha256$600000$seasalt$okRrg2MkEafio/giq1lR0eGTIdZxMoFfwceFpmpzO5g="
	sealed, err := hex.DecodeString("000102030405060708090a0b0c0d0e0f" + "dc7291acc0fcf396eaf6e023503a2d22")
	if err != nil {
		t.Fatal(err)
	}
	raw := picture(1, "", row{"raw": base64.StdEncoding.EncodeToString(sealed)})
	delete(raw, "plain")
	source := old{Users: []row{user(1, "Ada", row{"password": hash})}, Artworks: []row{raw}}.file(t)
	to := targetFile(t)
	run(t, source, to, django.Options{EncryptionKey: "test-key"})
	if got, want := opened(t, to, work(1)), "hello"; got != want {
		t.Errorf("content: got %q, want %q", got, want)
	}
	if got := account(t, to, "1").PasswordHash; got != hash {
		t.Errorf("password: got %q, want %q", got, hash)
	}
}

// TestRunsTwice runs an import again, after the new gallery has gone on: what
// was imported before stays as it is now, and what was refused is reported
// again.
func TestRunsTwice(t *testing.T) {
	o := old{
		Users: []row{
			user(1, "Ada", nil), user(2, "ada", nil), // clash, ignoring case
			user(3, "Bob", row{"email": "ADA@example.org"}),
		},
		Artworks: []row{picture(1, "one\n", nil), picture(2, "<svg xmlns='http://www.w3.org/2000/svg'></svg>", nil)},
		Comments: []row{says(1, 1, 2, "first"), says(2, 2, 2, "on what is refused")},
		Views:    []row{looks(1, 2, "2024-03-02T12:00:00Z")},
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		source, to := put(o), open()
		first := run(t, source, to, django.Options{})
		if first.Complete() {
			t.Errorf("the report is complete, though an SVG was refused:\n%s", text(first))
		}
		err := to.DB.Write(t.Context(), func(tx *store.Tx) error {
			title, name := "Renamed", "Ada II"
			_, err := tx.UpdateProfile(t.Context(), "1", &name, nil)
			return errors.Join(err, tx.UpdateArtwork(t.Context(), work(1), &title, nil, nil, time.Now()),
				tx.DeleteComment(t.Context(), comment(1)))
		})
		check(t, err)
		second := run(t, source, to, django.Options{})
		for table, want := range map[django.Table]django.Count{
			django.Users: {Found: 3, There: 3}, django.Artworks: {Found: 2, There: 1, LeftOut: 1},
			django.Comments: {Found: 2, There: 1, LeftOut: 1}, django.Views: {Found: 1, There: 1},
		} {
			wantCount(t, second, table, want)
		}
		has(t, second, django.LeftOut, django.Artworks, "refused", work(2))
		a := artwork(t, to, work(1))
		if a.Title != "Renamed" || a.CommentCount != 0 || a.ViewCount != 1 || account(t, to, "1").Username != "Ada II" {
			t.Errorf("got %+v, want it as it was changed after the first import", a)
		}
		if got, want := opened(t, to, work(1)), "one\n"; got != want {
			t.Errorf("content: got %q, want %q", got, want)
		}
	})
}

// TestDryRun rehearses: the same report, nothing in the new gallery.
func TestDryRun(t *testing.T) {
	o := old{
		Users: []row{user(1, "Ada", nil), user(2, "ada", row{"email": "ADA@example.org"}), user(3, "Bob", nil), user(4, "Eve", nil)},
		Artworks: []row{picture(1, "one\n", nil), picture(2, "<html>", nil), picture(3, "there before\n", nil),
			picture(4, "of one who is there before\n", row{"artist_id": 4})},
		Conditions: []row{waits(1, 1, "view_count", row{"count": 5}, nil), waits(2, 1, "weather", row{"rain": true}, nil)},
		Comments:   []row{says(1, 1, 2, "first"), says(2, 1, 3, " "), says(3, 4, 3, "of a new one to one who is there")},
		Views:      []row{looks(1, 2, "2024-03-02T12:00:00Z"), looks(4, 1, "2024-03-02T12:00:00Z")},
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		source, to := put(o), open()
		// Somebody of the new gallery has Bob's name, and a part was imported before.
		before := old{Users: []row{user(1, "Ada", nil), user(4, "Eve", nil)}, Artworks: []row{picture(3, "there before\n", nil)}}
		run(t, before.file(t), to, django.Options{})
		check(t, to.DB.Write(t.Context(), func(tx *store.Tx) error {
			return tx.CreateUser(t.Context(), gallery.User{ID: person(1), Username: "BOB", Email: "other@example.org", CreatedAt: time.Now()}, "")
		}))
		rehearsal := run(t, source, django.Target{DB: to.DB}, django.Options{DryRun: true})
		wantCount(t, rehearsal, django.Users, django.Count{Found: 4, Imported: 2, There: 2})
		if got := works(t, to); got != 1 {
			t.Errorf("after a dry run: got %d artworks, want the one of before", got)
		}
		for _, id := range []string{"2", "3"} {
			err := to.DB.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.AccountByID(t.Context(), id); return err })
			if gallery.CodeOf(err) != gallery.NotFound {
				t.Errorf("after a dry run: user %s: got %v, want not found", id, err)
			}
		}
		performance := run(t, source, to, django.Options{})
		rehearsal.DryRun = false
		if diff := cmp.Diff(text(performance), text(rehearsal)); diff != "" {
			t.Errorf("the dry run told another story (-import +dry run):\n%s", diff)
		}
		has(t, performance, django.Changed, django.Users, "somebody has, when case and", "2", "3")
	})
}

func works(t testing.TB, to django.Target) int {
	t.Helper()
	var n int
	check(t, to.DB.Read(t.Context(), func(tx *store.Tx) error {
		list, _, err := tx.Artworks(t.Context(), gallery.Filter{Page: gallery.Page{Limit: 100}})
		n = len(list)
		return err
	}))
	return n
}

// TestInterrupted cuts an import at its every step, and runs it again.
func TestInterrupted(t *testing.T) {
	o := old{Users: []row{user(1, "Ada", nil), user(2, "Bob", nil)}}
	for n := 1; n <= 6; n++ {
		o.Artworks = append(o.Artworks, picture(n, fmt.Sprintf("work %d\n", n), nil))
		o.Conditions = append(o.Conditions, waits(n, n, "view_count", row{"count": 5}, nil))
		o.Comments = append(o.Comments, says(n, n, 2, "said"))
		o.Views = append(o.Views, looks(n, 2, "2024-03-02T12:00:00Z"))
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		source, to := put(o), open()
		cuts := 0
		for step := 1; ; step += 3 {
			ctx, cancel := context.WithCancel(t.Context())
			// The clock is asked all along the way: a good place to stand with scissors.
			asked := 0
			scissors := func() time.Time {
				if asked++; asked == step {
					cancel()
				}
				return time.Now()
			}
			_, err := try(t, ctx, source, to, django.Options{Now: scissors})
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("interrupted: got %v, want context.Canceled", err)
			}
			cuts++
		}
		if cuts < 3 {
			t.Errorf("the import was interrupted %d times, want at least 3", cuts)
		}
		for n := 1; n <= 6; n++ {
			a := artwork(t, to, work(n))
			if a.ViewCount != 1 || a.CommentCount != 1 || len(a.Conditions) != 1 || a.Conditions[0].Current != 1 {
				t.Errorf("work %d: got %+v, want it whole", n, a)
			}
			if got, want := opened(t, to, work(n)), fmt.Sprintf("work %d\n", n); got != want {
				t.Errorf("work %d: got %q, want %q", n, got, want)
			}
		}
	})
}

// TestWrongKey finds out a wrong key before anything is written.
func TestWrongKey(t *testing.T) {
	o := old{Users: []row{user(1, "Ada", nil)}}
	for n := 1; n <= 20; n++ {
		o.Artworks = append(o.Artworks, picture(n, fmt.Sprintf("work %d\n", n), nil))
	}
	source, to := o.file(t), targetFile(t)
	report, err := try(t, t.Context(), source, to, django.Options{EncryptionKey: "not the key"})
	if !errors.Is(err, django.ErrWrongKey) {
		t.Errorf("got %v, want ErrWrongKey", err)
	}
	if len(report.Groups) > 0 || works(t, to) > 0 {
		t.Errorf("got works and a report, want nothing:\n%s", text(report))
	}
	err = to.DB.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.AccountByID(t.Context(), "1"); return err })
	if gallery.CodeOf(err) != gallery.NotFound {
		t.Errorf("user 1: got %v, want not found", err)
	}
}

// TestSnapshot opens an old gallery that goes on while it is imported.
func TestSnapshot(t *testing.T) {
	o := old{Users: []row{user(1, "Ada", nil)}, Artworks: []row{picture(1, "one\n", nil)}}
	source, to := o.postgresql(t), targetFile(t)
	from, err := django.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, from.Close()) }()
	execute(t, source, `UPDATE accounts_user SET username = 'Changed'`, `DELETE FROM artworks_artwork`)
	if _, err := django.Import(t.Context(), from, to, django.Options{EncryptionKey: oldKey}); err != nil {
		t.Fatal(err)
	}
	if got, want := account(t, to, "1").Username, "Ada"; got != want {
		t.Errorf("username: got %q, want %q, as it was when the gallery was opened", got, want)
	}
	if got, want := opened(t, to, work(1)), "one\n"; got != want {
		t.Errorf("content: got %q, want %q", got, want)
	}
}
