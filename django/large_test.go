package django_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/django"
	"invisibleart.example/gallery/store"
)

// TestManyRows imports more of everything than goes into one statement, and
// counts it.
func TestManyRows(t *testing.T) {
	const people, said = 2500, 2100
	insert := func(sqlite bool) []string {
		series := func(n int, row string) string {
			if sqlite {
				return fmt.Sprintf("WITH RECURSIVE s(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM s WHERE n <= %d) SELECT %s FROM s", n, row)
			}
			return fmt.Sprintf("SELECT %s FROM generate_series(2, %d) s(n)", row, n+1)
		}
		id, now := "printf('d0000000000040009000%012d', n)", "'2024-01-01 00:00:00'"
		if !sqlite {
			id, now = "CAST('d0000000-0000-4000-9000-' || lpad(CAST(n AS text), 12, '0') AS uuid)", "TIMESTAMPTZ '2024-01-01 00:00:00Z'"
		}
		work := "'" + work(1) + "'"
		if sqlite {
			work = "'" + digits("a0000000-0000-4000-8000-000000000001") + "'"
		} else {
			work = "CAST(" + work + " AS uuid)"
		}
		return []string{
			`INSERT INTO accounts_user (id, password, is_superuser, username, is_staff, is_active, date_joined, email, bio, is_artist, created_at, updated_at) ` +
				series(people, `n, '!', FALSE, 'user' || n, FALSE, TRUE, `+now+`, 'user' || n || '@example.org', '', FALSE, `+now+`, `+now),
			`INSERT INTO artworks_artworkview (artwork_id, viewer_id, viewed_at, device_info) ` + series(people, work+`, n, `+now+`, ''`),
			`INSERT INTO artworks_artworkview (artwork_id, viewer_id, viewed_at, device_info) ` + series(100, work+`, n, `+now+`, ''`),
			`INSERT INTO artworks_comment (id, artwork_id, user_id, content, created_at, updated_at) ` + series(said, id+`, `+work+`, n, 'said', `+now+`, `+now),
		}
	}
	engines(t, func(t *testing.T, put func(old) string, open func() django.Target) {
		o := old{Users: []row{user(1, "Ada", nil)}, Artworks: []row{picture(1, "one\n", nil)},
			Conditions: []row{waits(1, 1, "view_count", row{"count": 2000}, nil)}, SQL: insert(strings.HasSuffix(t.Name(), "SQLite"))}
		source, to := put(o), open()
		r := run(t, source, to, django.Options{})
		wantCount(t, r, django.Users, django.Count{Found: people + 1, Imported: people + 1})
		wantCount(t, r, django.Views, django.Count{Found: people + 100, Imported: people})
		wantCount(t, r, django.Comments, django.Count{Found: said, Imported: said})
		a := artwork(t, to, work(1))
		if a.ViewCount != people || a.CommentCount != said || a.Conditions[0].Current != 2000 || a.Conditions[0].IsMet {
			t.Errorf("got %d views, %d comments, %+v, want %d, %d and 2000 of 2000", a.ViewCount, a.CommentCount, a.Conditions[0], people, said)
		}
	})
}

// TestLargeContent moves a work that is larger than the memory the import may
// take.
func TestLargeContent(t *testing.T) {
	const size = 96 << 20
	media := t.TempDir()
	sealFile(t, filepath.Join(media, "large.enc"), size)
	a := picture(1, "", row{"raw": "bGFyZ2UuZW5j"}) // large.enc
	delete(a, "plain")
	source := old{content: "file", Users: []row{user(1, "Ada", nil)}, Artworks: []row{a}}.file(t)
	to := targetFile(t)

	var most atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				runtime.GC() // garbage is not held
				live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
				metrics.Read(live)
				most.Store(max(most.Load(), live[0].Value.Uint64()))
			}
		}
	}()
	run(t, source, to, django.Options{MediaRoot: media})
	close(done)
	<-ended
	if most.Load() == 0 {
		t.Error("nobody looked at the memory")
	}
	if limit := uint64(size / 2); most.Load() > limit {
		t.Errorf("the import held %d MiB at once, want at most %d", most.Load()>>20, limit>>20)
	}
	var sealed gallery.Artwork
	check(t, to.DB.Read(t.Context(), func(tx *store.Tx) (err error) {
		sealed, err = tx.Artwork(t.Context(), work(1))
		return err
	}))
	if sealed.Seal.Size != size {
		t.Errorf("got %d bytes, want %d", sealed.Seal.Size, size)
	}
}

// sealFile writes so many bytes of text the way Django sealed them.
func sealFile(t *testing.T, path string, size int) {
	t.Helper()
	key := sha256.Sum256([]byte(oldKey))
	block, err := aes.NewCipher(key[:])
	check(t, err)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	iv := make([]byte, aes.BlockSize)
	mode := cipher.NewCBCEncrypter(block, iv)
	_, err = file.Write(iv)
	check(t, err)
	line := []byte(strings.Repeat("0123456789abcde\n", 4096))
	for n := 0; n < size; n += len(line) {
		piece := append([]byte(nil), line...)
		mode.CryptBlocks(piece, piece)
		if _, err := file.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	padding := []byte(strings.Repeat("\x10", aes.BlockSize))
	mode.CryptBlocks(padding, padding)
	_, err = file.Write(padding)
	check(t, err)
}
