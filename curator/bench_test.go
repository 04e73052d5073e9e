package curator_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// benchDatabase names a PostgreSQL database for the benchmarks: those of the
// tests do not sync to the disk.
const benchDatabase = "GALLERY_CURATOR_BENCH_DATABASE"

// BenchmarkViews counts views of 64 clients at once: each a person who has not
// seen the work before, each answered after its commit, which is durable on
// SQLite, and on PostgreSQL when benchDatabase is.
func BenchmarkViews(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { benchmarkViews(b, plan{}) })
	b.Run("PostgreSQL", func(b *testing.B) {
		source := os.Getenv(benchDatabase)
		if source == "" {
			source = servers.Database(b)
		}
		benchmarkViews(b, plan{source: source})
	})
}

func benchmarkViews(b *testing.B, p plan) {
	h := open(b, p)
	run := newID() // a database may have seen runs before
	artist := h.person("ana-"+run, true)
	const crowd = 2000
	people := make([]auth.Identity, crowd)
	var works []string
	ctx := context.Background()
	err := h.db.Write(ctx, func(tx *store.Tx) error {
		for i := range people {
			u := gallery.User{ID: newID(), Username: fmt.Sprint("p", i, "-", run), Email: fmt.Sprint("p", i, "-", run, "@example.org"), IsActive: true, CreatedAt: time.Now()}
			people[i] = auth.Identity{User: u}
			if err := tx.CreateUser(ctx, u, ""); err != nil {
				return err
			}
		}
		for range b.N/crowd + 1 {
			works = append(works, newID())
			err := tx.InsertArtwork(ctx, gallery.Artwork{
				ID: works[len(works)-1], Title: "Dusk", Artist: artist.User.Ref(), RevealWhen: gallery.RevealAny,
				Conditions: []gallery.Condition{{ID: newID(), Measure: gallery.MeasureViews, Target: crowd / 2}}, CreatedAt: time.Now(), UpdatedAt: time.Now(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	b.ResetTimer()
	var clients sync.WaitGroup
	for range 64 {
		clients.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				if _, err := h.Look(ctx, people[i%crowd], works[i/crowd]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "views/s")
}

// BenchmarkCounted is a look of somebody who was counted before: no write.
func BenchmarkCounted(b *testing.B) {
	h := open(b, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, views(10))
	for b.Loop() {
		if _, err := h.Look(context.Background(), fan, art.ID); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkComment measures from the request to the broker's message for the
// artist, with the durable commit in between.
func BenchmarkComment(b *testing.B) {
	h := open(b, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, comments(1_000_000_000))
	heard := make(signal, 1)
	subscription, err := h.broker.Subscribe(context.Background(), "user:"+artist.User.ID, heard)
	if err != nil {
		b.Fatal(err)
	}
	defer subscription.Unsubscribe()
	var delays []time.Duration
	for b.Loop() {
		begun := time.Now()
		if _, err := h.Comment(context.Background(), fan, art.ID, "!"); err != nil {
			b.Fatal(err)
		}
		delays = append(delays, (<-heard).Sub(begun))
	}
	report(b, delays)
}

// BenchmarkReveal holds the clock's promise of 50 ms: from the instant of a work
// to the broker's message.
func BenchmarkReveal(b *testing.B) {
	h := open(b, plan{})
	artist := h.person("ana", true)
	heard := make(signal, 1)
	subscription, err := h.broker.Subscribe(context.Background(), "user:"+artist.User.ID, heard)
	if err != nil {
		b.Fatal(err)
	}
	defer subscription.Unsubscribe()
	var delays []time.Duration
	for b.Loop() {
		instant := time.Now().Add(100 * time.Millisecond).Truncate(time.Microsecond)
		h.hang(artist, gallery.RevealAny, at(instant))
		delays = append(delays, (<-heard).Sub(instant))
	}
	if p99 := report(b, delays); p99 > 50*time.Millisecond {
		b.Errorf("99 of 100 works were told up to %v late, want at most 50 ms", p99)
	}
}

// BenchmarkReveals: many works of one artist are due at one instant; how long
// until the first, the middle and the last of them is told.
func BenchmarkReveals(b *testing.B) {
	for _, works := range []int{100, 300, 1000} {
		b.Run(fmt.Sprint("SQLite/", works), func(b *testing.B) { reveals(b, plan{}, works) })
		b.Run(fmt.Sprint("PostgreSQL/", works), func(b *testing.B) { reveals(b, plan{source: servers.Database(b)}, works) })
	}
}

func reveals(b *testing.B, p plan, works int) {
	h := open(b, p)
	artist := h.person("ana", true)
	ear := h.listen("user:" + artist.User.ID)
	var first, middle, last []time.Duration
	for b.Loop() {
		instant := time.Now().Add(1500 * time.Millisecond)
		h.hangMany(artist, works, func(int) time.Time { return instant })
		heard := ear.await(b, works*(len(last)+1))[works*len(last):]
		first = append(first, heard[0].at.Sub(instant))
		middle = append(middle, heard[works/2].at.Sub(instant))
		last = append(last, heard[works-1].at.Sub(instant))
	}
	for name, delays := range map[string][]time.Duration{"first": first, "middle": middle, "last": last} {
		slices.Sort(delays)
		b.ReportMetric(float64(delays[len(delays)/2].Microseconds())/1000, "ms-"+name)
	}
}

// report adds the distribution of delays to a benchmark and returns the 99th
// percentile.
func report(b *testing.B, delays []time.Duration) time.Duration {
	slices.Sort(delays)
	p99 := delays[len(delays)*99/100]
	b.ReportMetric(float64(delays[len(delays)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(p99.Microseconds())/1000, "ms-p99")
	return p99
}

// signal passes on when a message came.
type signal chan time.Time

func (s signal) Receive([]byte) { s <- time.Now() }
func (s signal) Resubscribed()  {}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
