package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/vault"
)

// serve answers a request as the API does: the vault's plaintext through
// http.ServeContent.
func serve(t testing.TB, v *vault.Vault, open func() (*vault.Content, error), header string) *httptest.ResponseRecorder {
	t.Helper()
	content, err := open()
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer content.Close()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	if header != "" {
		r.Header.Set("Range", header)
	}
	w := httptest.NewRecorder()
	http.ServeContent(w, r, "work.bin", time.Time{}, content)
	return w
}

// TestRangeIsOneRequest counts what the store is asked for one visitor's Range:
// the blob's beginning and its end, which authenticate it, and one request for
// the range, however many chunks it covers.
func TestRangeIsOneRequest(t *testing.T) {
	server, bucket := start(t)
	v, id := newVault(t, bucket), newID()
	plain := noise(100*chunk+1000, 1)
	s := seal(t, v, id, plain)
	size := len(plain)
	server.Requests()
	for _, test := range []struct{ first, last, requests int }{
		{0, 0, 2}, {0, chunk - 1, 2}, {size - 1, size - 1, 2}, {size - 1000, size - 1, 2}, // at the edges
		{chunk - 1, chunk, 3}, {chunk, chunk, 3}, {10*chunk - 1, 10 * chunk, 3}, {10 * chunk, 11*chunk - 1, 3}, {10*chunk + 1, 11 * chunk, 3},
		{50*chunk + 17, 80 * chunk, 3}, {99*chunk - 1, size - 1, 3}, {100*chunk - 1, 100 * chunk, 3}, {size - 1001, size - 1000, 3},
		{20 * chunk, size - 1, 3}, {0, size - 1, 3},
	} {
		header := fmt.Sprintf("bytes=%d-%d", test.first, test.last)
		w := serve(t, v, func() (*vault.Content, error) { return v.Open(t.Context(), id, s) }, header)
		if w.Code != http.StatusPartialContent || !bytes.Equal(w.Body.Bytes(), plain[test.first:test.last+1]) {
			t.Errorf("%s: got status %d and %d bytes, want %d and those of the work", header, w.Code, w.Body.Len(), http.StatusPartialContent)
		}
		requests := server.Requests()
		if len(requests) != test.requests {
			t.Errorf("%s: %d requests, want %d: %+v", header, len(requests), test.requests, requests)
		}
		for i, r := range requests {
			if r.Op != "GetObject" || r.Range == "" || (r.IfMatch == "") != (i == 0) {
				t.Errorf("%s: request %d is %+v, want a ranged GET of one version", header, i, r)
			}
		}
	}
	t.Run("the whole work", func(t *testing.T) {
		w := serve(t, v, func() (*vault.Content, error) { return v.Open(t.Context(), id, s) }, "")
		if !bytes.Equal(w.Body.Bytes(), plain) || len(server.Requests()) != 3 {
			t.Errorf("got %d bytes, want %d in 3 requests", w.Body.Len(), size)
		}
	})
	t.Run("several ranges", func(t *testing.T) {
		w := serve(t, v, func() (*vault.Content, error) { return v.Open(t.Context(), id, s) }, fmt.Sprintf("bytes=%d-%d,%d-%d", 5*chunk, 7*chunk, 40*chunk, 41*chunk))
		if n := len(server.Requests()); w.Code != http.StatusPartialContent || n != 4 {
			t.Errorf("got status %d in %d requests, want %d in 4", w.Code, n, http.StatusPartialContent)
		}
	})
	t.Run("a placeholder", func(t *testing.T) {
		if err := v.PutPlaceholder(t.Context(), id, bytes.NewReader(plain[:mib])); err != nil {
			t.Fatalf("put: %v", err)
		}
		server.Requests()
		w := serve(t, v, func() (*vault.Content, error) { return v.OpenPlaceholder(t.Context(), id) }, "bytes=500000-599999")
		if n := len(server.Requests()); !bytes.Equal(w.Body.Bytes(), plain[500_000:600_000]) || n != 2 {
			t.Errorf("got %d bytes in %d requests, want 100,000 in 2", w.Body.Len(), n)
		}
	})
}

// TestHundredReaders reads ranges of one work from a hundred goroutines, each
// through a content of its own and through one that all share.
func TestHundredReaders(t *testing.T) {
	_, bucket := start(t)
	v, id := newVault(t, bucket), newID()
	plain := noise(40*chunk+7, 2)
	s := seal(t, v, id, plain)
	shared, err := v.Open(t.Context(), id, s)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer shared.Close()
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			own, err := v.Open(t.Context(), id, s)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			defer own.Close()
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for _, content := range []*vault.Content{own, shared, own} {
				off := r.IntN(len(plain))
				p := make([]byte, r.IntN(5*chunk))
				n, err := content.ReadAt(p, int64(off))
				if err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(p[:n], plain[off:off+n]) || n < min(len(p), len(plain)-off) {
					t.Errorf("%d bytes at %d: got %d, %v, want those of the work", len(p), off, n, err)
				}
			}
		})
	}
	all.Wait()
}

// TestReadAheadEnds looks at what a short range costs of a large blob: the
// request is open to the blob's end, and ends with its reader.
func TestReadAheadEnds(t *testing.T) {
	server, bucket := start(t)
	want := noise(64*mib, 3)
	server.Put("work", want)
	blob, err := bucket.Open(t.Context(), "work")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	p := make([]byte, chunk)
	if _, err := blob.ReadAt(p, mib); err != nil || !bytes.Equal(p, want[mib:mib+chunk]) {
		t.Fatalf("read: %v", err)
	}
	blob.Close()
	server.Stop() // so that the log is complete
	var sent int64
	for _, r := range server.Requests() {
		sent += r.Sent
	}
	// What the store had sent before it heard that nobody reads on: buffers of
	// sockets, a few MiB at most and not the rest of the work.
	if sent > 8*mib {
		t.Errorf("the store sent %d bytes for a range of %d", sent, chunk)
	}
	t.Logf("the store sent %d KiB for a range of %d KiB", sent>>10, chunk>>10)
}
