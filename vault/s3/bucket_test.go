package s3_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/s3server"
	"invisibleart.example/gallery/vault"
	"invisibleart.example/gallery/vault/blobtest"
	"invisibleart.example/gallery/vault/s3"
)

func TestBucket(t *testing.T) {
	t.Run("http", func(t *testing.T) {
		blobtest.Exercise(t, func(t *testing.T) vault.Blobs {
			_, bucket := start(t)
			return bucket
		})
	})
	// Over https parts are signed in another way.
	t.Run("https, a session token, short pages, below a prefix", func(t *testing.T) {
		blobtest.Exercise(t, func(t *testing.T) vault.Blobs {
			server := s3server.StartTLS(t)
			server.PageSize, server.SessionToken = 7, "a session/token+"
			server.Put("0190a000-work", []byte("not below the prefix"))
			server.Put("museum/west/sub/work", []byte("below another"))
			server.Put("museum/west/NotABlob", []byte("named by somebody else"))
			bucket, err := s3.Open(t.Context(), insert(server.URL(), "/museum/west/"), credentials(server))
			if err != nil {
				t.Fatalf("open: %v", err)
			}
			t.Cleanup(func() { bucket.Close() })
			return bucket
		})
	})
}

// insert puts a path between the bucket and the settings of a URL.
func insert(url, path string) string {
	at := bytes.IndexByte([]byte(url), '?')
	return url[:at] + path + url[at:]
}

// TestSizes stores and reads blobs around every border there is: of a part, of
// the pieces that are kept in memory, of nothing.
func TestSizes(t *testing.T) {
	for name, starts := range map[string]func(testing.TB) *s3server.Server{"http": s3server.Start, "https": s3server.StartTLS} {
		t.Run(name, func(t *testing.T) {
			server := starts(t)
			bucket := open(t, server, credentials(server))
			for _, test := range []struct{ size, puts, gets int }{
				{0, 1, 2}, {1, 1, 1}, {68 << 10, 1, 1}, {68<<10 + 1, 1, 2}, {136<<10 + 1, 1, 2}, {8 * mib, 1, 2},
				{8*mib + 1, 4, 2}, {16 * mib, 4, 2}, {16*mib + 5, 5, 2},
			} {
				want := noise(test.size, uint64(test.size))
				put(t, bucket, "work", want)
				if puts := len(server.Requests()); puts != test.puts {
					t.Errorf("%d bytes went up in %d requests, want %d", test.size, puts, test.puts)
				}
				got, err := get(t.Context(), bucket, "work")
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes: got %d, %v, want them back", test.size, len(got), err)
				}
				if gets := len(server.Requests()); gets != test.gets {
					t.Errorf("%d bytes came down in %d requests, want %d", test.size, gets, test.gets)
				}
			}
		})
	}
}

// TestAbandonedUploads leaves uploads of another node alone until they are a
// day old.
func TestAbandonedUploads(t *testing.T) {
	server, bucket := start(t)
	server.PageSize = 2
	var writers []vault.BlobWriter
	for i := range 5 {
		w, err := bucket.Create(t.Context(), fmt.Sprint("work", i))
		if err != nil {
			t.Fatalf("create: %v", err)
		}
		if _, err := w.Write(make([]byte, 9*mib)); err != nil {
			t.Fatalf("write: %v", err)
		}
		writers = append(writers, w)
	}
	put(t, bucket, "kept", []byte("x"))
	o := credentials(server)
	for _, test := range []struct {
		age  time.Duration
		want int
	}{{0, 5}, {23 * time.Hour, 5}, {25 * time.Hour, 0}} {
		o.Now = func() time.Time { return time.Now().Add(test.age) }
		open(t, server, o)
		if got := server.Uploads(); got != test.want {
			t.Errorf("%v later: %d unfinished uploads, want %d", test.age, got, test.want)
		}
	}
	for _, w := range writers {
		if err := w.Commit(); err == nil {
			t.Error("commit of an upload that was taken for abandoned: got nil, want an error")
		}
	}
	if got := server.Keys(); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("the store holds %v, want what was committed", got)
	}
}

// TestAbort leaves nothing of a large blob whose parts are on the way already.
func TestAbort(t *testing.T) {
	server, bucket := start(t)
	w, err := bucket.Create(t.Context(), "work")
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if _, err := io.Copy(w, bytes.NewReader(noise(20*mib, 1))); err != nil {
		t.Fatalf("write: %v", err)
	}
	if server.Uploads() != 1 {
		t.Fatalf("%d uploads under way, want 1", server.Uploads())
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort: %v", err)
	}
	wantEmpty(t, server, "after the abort")
}
