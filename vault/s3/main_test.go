package s3_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/gallerytest/s3server"
	"invisibleart.example/gallery/vault"
	"invisibleart.example/gallery/vault/s3"
)

// roleVar names the environment variable that makes the test binary act as a
// process of its own; see processes_test.go.
const roleVar = "S3_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		os.Exit(act(role))
	}
	gallerytest.VerifyMain(m)
}

const (
	chunk = 64 << 10 // bytes of plaintext in one chunk of age
	mib   = 1 << 20
)

var masterText = strings.Repeat("a master key for tests, ", 2)

// credentials are what a client of the server needs.
func credentials(server *s3server.Server) s3.Options {
	return s3.Options{
		AccessKey: server.AccessKey, SecretKey: server.SecretKey, SessionToken: server.SessionToken, TLS: server.TLS(),
	}
}

func open(t testing.TB, server *s3server.Server, o s3.Options) *s3.Bucket {
	t.Helper()
	bucket, err := s3.Open(t.Context(), server.URL(), o)
	if err != nil {
		t.Fatalf("open the bucket: %v", err)
	}
	t.Cleanup(func() { bucket.Close() })
	server.Requests()
	return bucket
}

// start is a store and the bucket in it.
func start(t testing.TB) (*s3server.Server, *s3.Bucket) {
	t.Helper()
	server := s3server.Start(t)
	return server, open(t, server, credentials(server))
}

func newVault(t testing.TB, blobs vault.Blobs) *vault.Vault {
	t.Helper()
	keys, err := vault.ParseKeys(masterText)
	if err != nil {
		t.Fatalf("parse keys: %v", err)
	}
	return vault.New(blobs, keys)
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// noise is size bytes that look like nothing.
func noise(size int, seed uint64) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	p := make([]byte, size)
	r.Read(p)
	return p
}

func seal(t testing.TB, v *vault.Vault, id string, content []byte) gallery.Seal {
	t.Helper()
	sealing, err := v.Seal(t.Context(), id, bytes.NewReader(content))
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	if err := sealing.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	return sealing.Seal
}

func put(t testing.TB, blobs vault.Blobs, name string, content []byte) {
	t.Helper()
	if err := tryPut(t.Context(), blobs, name, content); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
}

func tryPut(ctx context.Context, blobs vault.Blobs, name string, content []byte) error {
	w, err := blobs.Create(ctx, name)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(content); err != nil {
		return err
	}
	return w.Commit()
}

func get(ctx context.Context, blobs vault.Blobs, name string) ([]byte, error) {
	blob, err := blobs.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	return io.ReadAll(io.NewSectionReader(blob, 0, blob.Size()))
}

// wantEmpty wants nothing in the store, nor on its way into it.
func wantEmpty(t testing.TB, server *s3server.Server, when string) {
	t.Helper()
	if keys, uploads := server.Keys(), server.Uploads(); len(keys) > 0 || uploads > 0 {
		t.Errorf("%s: the store holds %v and %d unfinished uploads, want nothing", when, keys, uploads)
	}
}

func wantUnavailable(t testing.TB, err error, when string) {
	t.Helper()
	if code := gallery.CodeOf(err); code != gallery.Unavailable {
		t.Errorf("%s: got %v (%s), want %s", when, err, code, gallery.Unavailable)
	}
}
