package api_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/api"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
)

// wired is the API over a real curator with nothing else around it: no socket,
// no listener, no goroutine that waits for the world, so that it can answer a
// fuzzer.
type wired struct {
	http.Handler
	curator *curator.Curator
	artist  curator.Signed
	works   string // the directory of sealed works
}

func wire(t testing.TB) *wired {
	t.Helper()
	dir := t.TempDir()
	w := &wired{works: filepath.Join(dir, "works")}
	db, err := store.Open(context.Background(), filepath.Join(dir, "gallery.db"), store.Options{})
	check(t, err)
	t.Cleanup(func() { db.Close() })
	blobs, err := vault.OpenDir(w.works)
	check(t, err)
	t.Cleanup(func() { blobs.Close() })
	masters, err := vault.ParseKeys(strings.Repeat("master", 6))
	check(t, err)
	signers, err := auth.ParseKeys(strings.Repeat("signer", 6))
	check(t, err)
	w.curator, err = curator.New(curator.Config{
		DB: db, Vault: vault.New(blobs, masters), Tokens: auth.NewTokens(signers, 0, 0, time.Now),
		Passwords: auth.NewPasswords(auth.Cost{MemoryKiB: 8, Time: 1, Threads: 1}), MaxUpload: 1 << 20,
	})
	check(t, err)
	policy, err := origin.New("", nil, "localhost:8080")
	check(t, err)
	w.Handler, err = api.New(api.Config{Curator: w.curator, Origin: policy, MaxUpload: 1 << 20})
	check(t, err)
	w.artist, err = w.curator.Register(context.Background(), curator.Registration{
		Username: "artist", Email: "artist@example.com", Password: "open the gallery", IsArtist: true,
	})
	check(t, err)
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// blobs lists what lies in the place of sealed works.
func (w *wired) blobs(t testing.TB) (left []string) {
	t.Helper()
	check(t, filepath.WalkDir(w.works, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			left = append(left, path)
		}
		return err
	}))
	return left
}
