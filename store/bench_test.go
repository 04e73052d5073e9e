package store_test

import (
	"context"
	"fmt"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// BenchmarkAddViews commits batches of new viewers of one artwork, as the
// group commit makes them.
func BenchmarkAddViews(b *testing.B) {
	for _, size := range []int{1, 64, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			db := openSQLite(b)
			addUsers(b, db, 0, 10_000)
			addArtworks(b, db, artwork(1, 0))
			work, next := 1, 1
			var views int64
			for b.Loop() {
				if next+size > 10_000 { // everybody has seen this one
					b.StopTimer()
					work, next = work+1, 1
					addArtworks(b, db, artwork(work, 0))
					b.StartTimer()
				}
				viewers := make([]string, size)
				for i := range viewers {
					viewers[i] = id(next + i)
				}
				next += size
				write(b, db, func(ctx context.Context, tx *store.Tx) error {
					added, _, err := tx.AddViews(ctx, id(work), viewers, at(1))
					views += added
					return err
				})
			}
			b.ReportMetric(float64(views)/b.Elapsed().Seconds(), "views/s")
		})
	}
}

// BenchmarkNotify commits one notification and its event.
func BenchmarkNotify(b *testing.B) {
	db := openSQLite(b)
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
}

// BenchmarkArtworkState reads what a socket says on connect, from as many
// goroutines as there are cores.
func BenchmarkArtworkState(b *testing.B) {
	db := openSQLite(b)
	addUsers(b, db, 0, 1)
	var works []gallery.Artwork
	for n := range 1000 {
		works = append(works, artwork(n, 0))
	}
	addArtworks(b, db, works...)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			read(b, db, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.ArtworkState(ctx, id(n%1000))
				return err
			})
		}
	})
}

// BenchmarkArtwork reads a whole artwork, as its page does.
func BenchmarkArtwork(b *testing.B) {
	db := openSQLite(b)
	addUsers(b, db, 0, 1)
	addArtworks(b, db, artwork(1, 0))
	for b.Loop() {
		read(b, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Artwork(ctx, id(1))
			return err
		})
	}
}
