package django_test

import (
	"fmt"
	"sync"
	"testing"

	"invisibleart.example/gallery/django"
)

// TestTwoAtOnce runs two imports of the same gallery side by side: each row is
// imported by one of them, and every work opens with the key in its row.
func TestTwoAtOnce(t *testing.T) {
	const n = 30
	o := old{Users: []row{user(1, "Ada", nil), user(2, "Bob", nil)}}
	for i := 1; i <= n; i++ {
		o.Artworks = append(o.Artworks, picture(i, fmt.Sprintf("work %d\n", i), nil))
		o.Comments = append(o.Comments, says(i, i, 2, "said"))
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		source, to := put(o), open()
		reports := make([]django.Report, 2)
		var both sync.WaitGroup
		for i := range reports {
			from, err := django.Open(t.Context(), source)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { check(t, from.Close()) }()
			both.Go(func() {
				reports[i], err = django.Import(t.Context(), from, to, django.Options{EncryptionKey: oldKey})
				check(t, err)
			})
		}
		both.Wait()
		for table, want := range map[django.Table]int64{django.Users: 2, django.Artworks: n, django.Comments: n} {
			one, two := reports[0].Counts[table], reports[1].Counts[table]
			if one.Imported+two.Imported != want || one.There+two.There != want {
				t.Errorf("%s: got %+v and %+v, want %d imported by one of them", table, one, two, want)
			}
		}
		for i := 1; i <= n; i++ {
			if got, want := opened(t, to, work(i)), fmt.Sprintf("work %d\n", i); got != want {
				t.Errorf("work %d: got %q, want %q", i, got, want)
			}
		}
	})
}
