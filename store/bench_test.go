package store_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// benchDatabase names a PostgreSQL database, which has to be fresh, for the
// benchmarks: those of the tests do not sync to the disk.
const benchDatabase = "GALLERY_STORE_BENCH_DATABASE"

// onEach runs a benchmark on a store of each engine.
func onEach(b *testing.B, bench func(b *testing.B, db *store.DB)) {
	b.Run("SQLite", func(b *testing.B) { bench(b, openSQLite(b)) })
	b.Run("PostgreSQL", func(b *testing.B) {
		source := os.Getenv(benchDatabase)
		if source == "" {
			source = servers.Database(b)
		} else {
			execute(b, "pgx", source, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
		}
		bench(b, openSource(b, source))
	})
}

// BenchmarkAddViews commits batches of new viewers, as the group commit makes
// them, each writer for an artwork of its own.
func BenchmarkAddViews(b *testing.B) {
	const people = 10_000
	for _, size := range []int{1, 64, 1000} {
		for _, writers := range []int{1, 4} { // times the cores
			b.Run(fmt.Sprintf("%d_writers_a_core/batches_of_%d", writers, size), func(b *testing.B) {
				onEach(b, func(b *testing.B, db *store.DB) {
					addUsers(b, db, 0, people)
					var works, views atomic.Int64
					b.SetParallelism(writers)
					b.ResetTimer()
					b.RunParallel(func(pb *testing.PB) {
						work, next := 0, people
						for pb.Next() {
							if next+size > people { // everybody has seen this one
								work, next = int(works.Add(1)), 1
								addArtworks(b, db, artwork(work, 0))
							}
							viewers := make([]string, size)
							for i := range viewers {
								viewers[i] = id(next + i)
							}
							next += size
							write(b, db, func(ctx context.Context, tx *store.Tx) error {
								added, _, err := tx.AddViews(ctx, id(work), viewers, at(1))
								views.Add(added)
								return err
							})
						}
					})
					b.ReportMetric(float64(views.Load())/b.Elapsed().Seconds(), "views/s")
				})
			})
		}
	}
}

// BenchmarkNotify commits one notification and its event.
func BenchmarkNotify(b *testing.B) {
	onEach(b, func(b *testing.B, db *store.DB) {
		addUsers(b, db, 0, 1)
		for b.Loop() {
			write(b, db, func(ctx context.Context, tx *store.Tx) error {
				n, err := tx.Notify(ctx, gallery.Notification{RecipientID: id(0), Message: gallery.RevealSentence("T"),
					Data: gallery.NotificationData{Type: gallery.ArtworkRevealed, ArtworkID: id(1)}})
				if err != nil {
					return err
				}
				return tx.Enqueue(ctx, gallery.Event{Kind: gallery.EventArtworkRevealed, Notification: n}, "")
			})
		}
	})
}

// BenchmarkArtworkState reads what a socket says on connect, from four
// goroutines a core.
func BenchmarkArtworkState(b *testing.B) {
	onEach(b, func(b *testing.B, db *store.DB) {
		addUsers(b, db, 0, 1)
		var works []gallery.Artwork
		for n := range 1000 {
			works = append(works, artwork(n, 0))
		}
		addArtworks(b, db, works...)
		b.SetParallelism(4)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n++ {
				read(b, db, func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.ArtworkState(ctx, id(n%1000))
					return err
				})
			}
		})
	})
}

// BenchmarkArtwork reads a whole artwork, as its page does.
func BenchmarkArtwork(b *testing.B) {
	onEach(b, func(b *testing.B, db *store.DB) {
		addUsers(b, db, 0, 1)
		addArtworks(b, db, artwork(1, 0))
		for b.Loop() {
			read(b, db, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Artwork(ctx, id(1))
				return err
			})
		}
	})
}
