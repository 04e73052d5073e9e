// Package blobtest is the conformance suite of vault.Blobs: what every store
// of sealed bytes must do, whichever it is.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/vault"
)

// Exercise holds an implementation of vault.Blobs to its documentation. open
// returns an empty store for each sub-test and cleans up after it by itself.
func Exercise(t *testing.T, open func(t *testing.T) vault.Blobs) {
	tests := []struct {
		name string
		test func(t *testing.T, blobs vault.Blobs)
	}{
		{"what is committed can be read", committed},
		{"nothing is visible before commit", unfinished},
		{"nothing is visible after abort", aborted},
		{"commit replaces", replaced},
		{"a replaced blob is never a mixture", replacedWhileOpen},
		{"an absent blob is not found", absent},
		{"removed is gone, and twice is fine", removed},
		{"names are listed with the time of their commit", listed},
		{"an error ends the listing", listingEnds},
		{"listing may remove", listingRemoves},
		{"odd names are refused", oddNames},
		{"an ended context is refused", endedContext},
		{"reads at any offset", offsets},
		{"many at once", manyAtOnce},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.test(t, open(t)) })
	}
}

func committed(t *testing.T, blobs vault.Blobs) {
	for _, size := range []int{0, 1, 65_536, 300_000} {
		content := bytes.Repeat([]byte{byte(size), 1, 2}, size/3+1)[:size]
		name := fmt.Sprintf("of-%d.bytes_", size)
		put(t, blobs, name, content)
		if got := get(t, blobs, name); !bytes.Equal(got, content) {
			t.Errorf("%s: got %d bytes, want the %d committed", name, len(got), size)
		}
	}
}

func unfinished(t *testing.T, blobs vault.Blobs) {
	w := create(t, blobs, "work")
	write(t, w, []byte("sealed"))
	wantNotFound(t, blobs, "work")
	wantNames(t, blobs)
	if err := w.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort after commit: got %v, want nil: it is deferred", err)
	}
	if got := get(t, blobs, "work"); string(got) != "sealed" {
		t.Errorf("after commit and abort: got %q, want %q", got, "sealed")
	}
}

func aborted(t *testing.T, blobs vault.Blobs) {
	w := create(t, blobs, "work")
	write(t, w, []byte("sealed"))
	if err := w.Abort(); err != nil {
		t.Fatalf("abort: %v", err)
	}
	wantNotFound(t, blobs, "work")
	wantNames(t, blobs)
	if err := w.Commit(); err == nil {
		t.Error("commit after abort: got nil, want an error")
	}
	wantNotFound(t, blobs, "work")
}

func replaced(t *testing.T, blobs vault.Blobs) {
	put(t, blobs, "work", []byte("the first, and longer"))
	w := create(t, blobs, "work")
	write(t, w, []byte("the second"))
	if got := get(t, blobs, "work"); string(got) != "the first, and longer" {
		t.Errorf("before the second commit: got %q, want the first", got)
	}
	if err := w.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if got := get(t, blobs, "work"); string(got) != "the second" {
		t.Errorf("after the second commit: got %q, want the second", got)
	}
	wantNames(t, blobs, "work")
}

func replacedWhileOpen(t *testing.T, blobs vault.Blobs) {
	first, second := strings.Repeat("1", 1000), strings.Repeat("2", 1000)
	put(t, blobs, "work", []byte(first))
	blob, err := blobs.Open(t.Context(), "work")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer blob.Close()
	half := make([]byte, 500)
	if _, err := blob.ReadAt(half, 0); err != nil {
		t.Fatalf("read the first half: %v", err)
	}
	put(t, blobs, "work", []byte(second))
	if _, err := blob.ReadAt(half, 500); err == nil && string(half) != first[500:] {
		t.Errorf("second half: got %.10q…, want that of the opened blob or an error", half)
	}
}

func absent(t *testing.T, blobs vault.Blobs) {
	wantNotFound(t, blobs, "work")
	put(t, blobs, "work", []byte("x"))
	wantNotFound(t, blobs, "wor")
	wantNotFound(t, blobs, "work.placeholder")
}

func removed(t *testing.T, blobs vault.Blobs) {
	put(t, blobs, "work", []byte("x"))
	put(t, blobs, "other", []byte("y"))
	for _, times := range []string{"first", "second"} {
		if err := blobs.Remove(t.Context(), "work"); err != nil {
			t.Fatalf("%s remove: %v", times, err)
		}
		wantNotFound(t, blobs, "work")
	}
	wantNames(t, blobs, "other")
}

func listed(t *testing.T, blobs vault.Blobs) {
	// Stores round times; a few seconds either way are nothing to a collector
	// of orphans, which waits for a day.
	begin := time.Now().Add(-5 * time.Second)
	var want []string
	for i := range 40 {
		name := fmt.Sprintf("0190a%03d-work", i)
		put(t, blobs, name, []byte("x"))
		want = append(want, name)
	}
	wantNames(t, blobs, want...)
	end := time.Now().Add(5 * time.Second)
	err := blobs.Names(t.Context(), func(name string, modified time.Time) error {
		if modified.Before(begin) || modified.After(end) {
			t.Errorf("%s: committed at %v, want between %v and %v", name, modified, begin, end)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("names: %v", err)
	}
}

func listingEnds(t *testing.T, blobs vault.Blobs) {
	put(t, blobs, "a", []byte("x"))
	put(t, blobs, "b", []byte("x"))
	enough := errors.New("enough")
	calls := 0
	err := blobs.Names(t.Context(), func(string, time.Time) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("got error %v after %d calls, want %v after 1", err, calls, enough)
	}
}

func listingRemoves(t *testing.T, blobs vault.Blobs) {
	for i := range 20 {
		put(t, blobs, fmt.Sprint("work", i), []byte("x"))
	}
	seen := map[string]bool{}
	err := blobs.Names(t.Context(), func(name string, _ time.Time) error {
		seen[name] = true
		return blobs.Remove(t.Context(), name)
	})
	if err != nil || len(seen) != 20 {
		t.Errorf("got error %v after %d names, want all 20", err, len(seen))
	}
	wantNames(t, blobs)
}

func oddNames(t *testing.T, blobs vault.Blobs) {
	for _, name := range []string{"", ".", "..", ".hidden", "../work", "a/b", "a\\b", "Work", "wörk", "a\x00", "-a", strings.Repeat("a", 129)} {
		if w, err := blobs.Create(t.Context(), name); err == nil {
			w.Abort()
			t.Errorf("create %q: got nil, want an error", name)
		}
		if b, err := blobs.Open(t.Context(), name); err == nil {
			b.Close()
			t.Errorf("open %q: got nil, want an error", name)
		}
		if err := blobs.Remove(t.Context(), name); err == nil {
			t.Errorf("remove %q: got nil, want an error", name)
		}
	}
}

func endedContext(t *testing.T, blobs vault.Blobs) {
	put(t, blobs, "work", []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w, err := blobs.Create(ctx, "other"); err == nil {
		w.Abort()
		t.Error("create: got nil, want an error")
	}
	if b, err := blobs.Open(ctx, "work"); err == nil {
		b.Close()
		t.Error("open: got nil, want an error")
	}
	if err := blobs.Remove(ctx, "work"); err == nil {
		t.Error("remove: got nil, want an error")
	}
	if err := blobs.Names(ctx, func(string, time.Time) error { return nil }); err == nil {
		t.Error("names: got nil, want an error")
	}
	if got := get(t, blobs, "work"); string(got) != "x" {
		t.Errorf("afterwards: got %q, want the blob untouched", got)
	}
}

func offsets(t *testing.T, blobs vault.Blobs) {
	content := make([]byte, 10_000)
	for i := range content {
		content[i] = byte(i * i >> 3)
	}
	put(t, blobs, "work", content)
	blob, err := blobs.Open(t.Context(), "work")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer blob.Close()
	for _, at := range []struct{ off, length, want int }{
		{0, 1, 1}, {0, 10_000, 10_000}, {9_999, 1, 1}, {9_990, 100, 10}, {10_000, 1, 0}, {5_000, 0, 0}, {20_000, 5, 0},
	} {
		p := make([]byte, at.length)
		n, err := blob.ReadAt(p, int64(at.off))
		if n != at.want || !bytes.Equal(p[:n], content[min(at.off, 10_000):][:n]) {
			t.Errorf("%d bytes at %d: got %d, want %d of the blob's", at.length, at.off, n, at.want)
		}
		if short := n < at.length; short && err != io.EOF || !short && err != nil && err != io.EOF {
			t.Errorf("%d bytes at %d: got error %v, want io.EOF for what lies behind the end only", at.length, at.off, err)
		}
	}
}

func manyAtOnce(t *testing.T, blobs vault.Blobs) {
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			// Four names, four writers each: the last one to commit wins, whole.
			name, content := fmt.Sprint("work", i%4), bytes.Repeat([]byte{byte('a' + i)}, 5000)
			w, err := blobs.Create(t.Context(), name)
			if err != nil {
				t.Errorf("create %s: %v", name, err)
				return
			}
			for part := range 5 {
				if _, err := w.Write(content[part*1000 : (part+1)*1000]); err != nil {
					t.Errorf("write %s: %v", name, err)
				}
			}
			if err := w.Commit(); err != nil {
				t.Errorf("commit %s: %v", name, err)
			}
		})
	}
	all.Wait()
	wantNames(t, blobs, "work0", "work1", "work2", "work3")
	for i := range 4 {
		got := get(t, blobs, fmt.Sprint("work", i))
		if len(got) != 5000 || !bytes.Equal(got, bytes.Repeat(got[:1], 5000)) {
			t.Errorf("work%d: %d bytes of several writers, want 5000 of one", i, len(got))
		}
	}
}

func create(t *testing.T, blobs vault.Blobs, name string) vault.BlobWriter {
	t.Helper()
	w, err := blobs.Create(t.Context(), name)
	if err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	return w
}

func write(t *testing.T, w io.Writer, content []byte) {
	t.Helper()
	if n, err := w.Write(content); n != len(content) || err != nil {
		t.Fatalf("write %d bytes: got %d, %v", len(content), n, err)
	}
}

func put(t *testing.T, blobs vault.Blobs, name string, content []byte) {
	t.Helper()
	w := create(t, blobs, name)
	write(t, w, content)
	if err := w.Commit(); err != nil {
		t.Fatalf("commit %s: %v", name, err)
	}
}

func get(t *testing.T, blobs vault.Blobs, name string) []byte {
	t.Helper()
	blob, err := blobs.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	defer blob.Close()
	content, err := io.ReadAll(io.NewSectionReader(blob, 0, blob.Size()))
	if err != nil || int64(len(content)) != blob.Size() {
		t.Fatalf("read %s: got %d bytes of %d, %v", name, len(content), blob.Size(), err)
	}
	return content
}

func wantNotFound(t *testing.T, blobs vault.Blobs, name string) {
	t.Helper()
	blob, err := blobs.Open(t.Context(), name)
	if err == nil {
		blob.Close()
	}
	if code := gallery.CodeOf(err); code != gallery.NotFound {
		t.Errorf("open %s: got %v (%s), want %s", name, err, code, gallery.NotFound)
	}
}

func wantNames(t *testing.T, blobs vault.Blobs, want ...string) {
	t.Helper()
	got := map[string]int{}
	err := blobs.Names(t.Context(), func(name string, _ time.Time) error { got[name]++; return nil })
	if err != nil {
		t.Fatalf("names: %v", err)
	}
	for _, name := range want {
		if got[name] != 1 {
			t.Errorf("%s is listed %d times, want once", name, got[name])
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("also listed: %v", got)
	}
}
