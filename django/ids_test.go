package django_test

import (
	"fmt"
	"strconv"
	"testing"

	"invisibleart.example/gallery/django"
)

// TestUsersWithUUIDs keeps ids that are UUIDs, in the spelling that tokens have.
func TestUsersWithUUIDs(t *testing.T) {
	o := old{
		userID: "uuid",
		Users:  []row{user(person(1), "Ada", nil), user(person(2), "Bob", nil)},
		Artworks: []row{
			picture(1, "one\n", row{"artist_id": person(1)}),
		},
		Views:    []row{looks(1, person(2), "2024-03-02T12:00:00Z"), looks(1, person(1), "2024-03-02T12:00:00Z")},
		Comments: []row{says(1, 1, person(2), "said")},
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		to := open()
		run(t, put(o), to, django.Options{})
		a := artwork(t, to, work(1))
		if a.Artist.ID != person(1) || a.ViewCount != 1 || a.CommentCount != 1 {
			t.Errorf("got %+v, want a work of %s with a view and a comment", a, person(1))
		}
		if got, want := account(t, to, person(2)).Username, "Bob"; got != want {
			t.Errorf("user %s: got %q, want %q", person(2), got, want)
		}
	})
}

// TestNumberedWorks takes works over whose ids are numbers, more of them than
// are read at once: each gets a UUID, the same in every run.
func TestNumberedWorks(t *testing.T) {
	const n = 230 // 9 comes before 10, 100 before 99 only in a text
	o := old{workID: "number", Users: []row{user(1, "Ada", nil), user(2, "Bob", nil)}}
	for i := 1; i <= n; i++ {
		o.Artworks = append(o.Artworks, picture(i, fmt.Sprintf("work %d\n", i), row{"id": i}))
	}
	late := says(1, 1, 2, "on the last")
	late["artwork_id"] = n
	o.Comments = []row{late}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		to := open()
		source := put(o)
		r := run(t, source, to, django.Options{})
		wantCount(t, r, django.Artworks, django.Count{Found: n, Imported: n})
		wantCount(t, r, django.Comments, django.Count{Found: 1, Imported: 1})
		var ids []string
		for i := 1; i <= n; i++ {
			ids = append(ids, strconv.Itoa(i))
		}
		has(t, r, django.Changed, django.Artworks, "no UUID", ids...)
		again := run(t, source, to, django.Options{})
		wantCount(t, again, django.Artworks, django.Count{Found: n, There: n})
	})
}
