package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest/s3server"
	"invisibleart.example/gallery/vault"
)

// wantAway uses the bucket in every way and wants the answer that waiting helps,
// with a time, and soon.
func wantAway(t *testing.T, blobs vault.Blobs, when string) {
	t.Helper()
	begin := time.Now()
	_, err := get(t.Context(), blobs, "work")
	wantUnavailable(t, err, when+": open")
	if e, _ := errors.AsType[*gallery.Error](err); e == nil || e.RetryAfter != time.Second {
		t.Errorf("%s: %v names no time to try again", when, err)
	}
	wantUnavailable(t, tryPut(t.Context(), blobs, "other", []byte("x")), when+": put")
	wantUnavailable(t, tryPut(t.Context(), blobs, "other", make([]byte, 9*mib)), when+": put in parts")
	wantUnavailable(t, blobs.Remove(t.Context(), "work"), when+": remove")
	wantUnavailable(t, blobs.Names(t.Context(), func(string, time.Time) error { return nil }), when+": names")
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("%s: it took %v to say so five times", when, took)
	}
}

func TestAwayForAWhile(t *testing.T) {
	server := s3server.Start(t)
	o := credentials(server)
	o.Patience = 200 * time.Millisecond
	bucket := open(t, server, o)
	v, id, want := newVault(t, bucket), newID(), noise(300_000, 1)
	s := seal(t, v, id, want)
	put(t, bucket, "work", want)
	for _, test := range []struct {
		name  string
		begin func()
	}{
		{"connections are refused", server.Stop},
		{"nothing is answered", func() {
			server.Fault(func(s3server.Request) s3server.Fault { return s3server.Fault{Delay: time.Hour} })
		}},
		{"it is overloaded", func() {
			server.Fault(func(s3server.Request) s3server.Fault { return s3server.Fault{Status: 503} })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.begin()
			wantAway(t, bucket, test.name)
			_, err := v.Open(t.Context(), id, s)
			wantUnavailable(t, err, "open a work")
			server.Stop() // ends what still waits for an answer
			server.Fault(nil)
			server.Resume()
			content, err := v.Open(t.Context(), id, s)
			if err != nil {
				t.Fatalf("afterwards: %v", err)
			}
			defer content.Close()
			if got, err := io.ReadAll(content); err != nil || !bytes.Equal(got, want) {
				t.Errorf("afterwards: got %d bytes, %v, want the work", len(got), err)
			}
			if keys := server.Keys(); !slices.Equal(keys, []string{id, "work"}) || server.Uploads() > 0 {
				t.Errorf("afterwards the store holds %v and %d unfinished uploads, want what was there before", keys, server.Uploads())
			}
		})
	}
}

func TestSlowStore(t *testing.T) {
	server, bucket := start(t)
	server.Fault(func(s3server.Request) s3server.Fault { return s3server.Fault{Delay: 50 * time.Millisecond} })
	want := noise(9*mib, 1)
	put(t, bucket, "work", want)
	if got, err := get(t.Context(), bucket, "work"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want the blob", len(got), err)
	}
}

// TestCutWhileReading cuts every connection after a while: what is read is
// taken up again where it ended, of the same version.
func TestCutWhileReading(t *testing.T) {
	server, bucket := start(t)
	want := noise(3*mib, 1)
	put(t, bucket, "work", want)
	server.Requests()
	server.Fault(func(r s3server.Request) s3server.Fault {
		return s3server.Fault{Cut: s3server.CutAnswer, After: 200_000}
	})
	got, err := get(t.Context(), bucket, "work")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want the blob", len(got), err)
	}
	requests := server.Requests()
	if len(requests) < 10 {
		t.Errorf("read in %d requests, want one for every cut", len(requests))
	}
	for i, r := range requests {
		if r.Op != "GetObject" || r.Range == "" || (r.IfMatch == "") != (i == 0) {
			t.Errorf("request %d: got %+v, want a ranged GET of the version that the first one told", i, r)
		}
	}

	server.Fault(func(s3server.Request) s3server.Fault { return s3server.Fault{Cut: s3server.CutAnswer} })
	_, err = get(t.Context(), bucket, "work")
	wantUnavailable(t, err, "nothing gets through")
	if n := len(server.Requests()); n > 10 {
		t.Errorf("%d requests for nothing, want it given up", n)
	}
}

// TestSilentWhileReading is a store that says nothing any more in the middle of
// an answer, with the connection open: the same as a cut, found by waiting.
func TestSilentWhileReading(t *testing.T) {
	server := s3server.Start(t)
	o := credentials(server)
	o.Patience = 200 * time.Millisecond
	bucket := open(t, server, o)
	want := noise(3*mib, 1)
	put(t, bucket, "work", want)
	var hung atomic.Int64
	hang := func(times int64) {
		hung.Store(0)
		server.Fault(func(r s3server.Request) s3server.Fault {
			if r.IfMatch != "" && hung.Add(1) <= times {
				return s3server.Fault{Cut: s3server.HangAnswer, After: 1000}
			}
			return s3server.Fault{}
		})
	}
	hang(2)
	if got, err := get(t.Context(), bucket, "work"); err != nil || !bytes.Equal(got, want) || hung.Load() < 3 {
		t.Errorf("twice: got %d bytes, %v, in %d requests, want the blob in 3", len(got), err, hung.Load())
	}
	server.Fault(func(r s3server.Request) s3server.Fault { return s3server.Fault{Cut: s3server.HangAnswer} })
	begin := time.Now()
	_, err := get(t.Context(), bucket, "work")
	wantUnavailable(t, err, "for good")
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v to say so", took)
	}
}

// TestCutWhileWriting loses requests and answers of an upload, once and for
// good: it comes through, or nothing is left of it.
func TestCutWhileWriting(t *testing.T) {
	const silent = s3server.Cut(99) // nothing is read of the request, nor answered
	for _, op := range []string{"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"} {
		size := 9 * mib
		if op == "PutObject" {
			size = mib
		}
		for _, cut := range []s3server.Cut{s3server.CutRequest, s3server.LoseAnswer, silent} {
			if op == "CreateMultipartUpload" && cut == s3server.CutRequest || cut == silent && op != "PutObject" && op != "UploadPart" {
				continue // has no body, or takes long to wait for
			}
			for _, times := range []int64{1, 1000} {
				t.Run(fmt.Sprintf("%s, cut %d, %d times", op, cut, times), func(t *testing.T) {
					t.Parallel() // they mostly wait for their next attempt
					server := s3server.Start(t)
					o := credentials(server)
					if cut == silent {
						o.Patience = 2 * time.Second
					}
					bucket := open(t, server, o)
					var cuts atomic.Int64
					server.Fault(func(r s3server.Request) s3server.Fault {
						if r.Op == op && cuts.Add(1) <= times {
							if cut == silent {
								return s3server.Fault{Delay: time.Hour}
							}
							return s3server.Fault{Cut: cut, After: 100}
						}
						return s3server.Fault{}
					})
					want := noise(size, 1)
					err := tryPut(t.Context(), bucket, "work", want)
					if err == nil {
						if got, err := get(t.Context(), bucket, "work"); err != nil || !bytes.Equal(got, want) {
							t.Errorf("committed, then got %d bytes, %v", len(got), err)
						}
						if times > 1 {
							t.Error("got nil, want an error")
						}
						return
					}
					wantUnavailable(t, err, "put")
					// A completed upload is unknown to whoever asks for it again.
					if times == 1 && (op != "CompleteMultipartUpload" || cut != s3server.LoseAnswer) {
						t.Errorf("cut once: got %v, want it tried again", err)
					}
					if op == "CreateMultipartUpload" {
						// Uploads that nobody heard of: empty, and removed in a day.
						if keys := server.Keys(); len(keys) > 0 {
							t.Errorf("the store holds %v", keys)
						}
						return
					}
					wantEmpty(t, server, "after the error")
				})
			}
		}
	}
}

// TestReplacedWhileRead exchanges the object between two requests of one
// reader: it gets an error, and not one byte of the other.
func TestReplacedWhileRead(t *testing.T) {
	server, bucket := start(t)
	first, second := bytes.Repeat([]byte{1}, 3*mib), bytes.Repeat([]byte{2}, 3*mib)
	for _, change := range []string{"replaced", "removed"} {
		put(t, bucket, "work", first)
		blob, err := bucket.Open(t.Context(), "work")
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		defer blob.Close()
		p := make([]byte, mib)
		if _, err := blob.ReadAt(p, 0); err != nil {
			t.Fatalf("read: %v", err)
		}
		if change == "removed" {
			err = bucket.Remove(t.Context(), "work")
		} else {
			server.Put("work", second)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, off := range []int64{2 * mib, 3*mib - 100, 0} {
			n, err := blob.ReadAt(p, off)
			if bytes.IndexByte(p[:n], 2) >= 0 {
				t.Errorf("%s: a mixture at %d", change, off)
			}
			if off > 0 && (err == nil || errors.Is(err, io.EOF)) {
				t.Errorf("%s: read at %d: got %d bytes and %v, want an error", change, off, n, err)
			}
		}
	}
}

// TestStoreThatIgnoresHeaders reads from stores that do not look at what a
// request asks: an error, and never a byte from elsewhere.
func TestStoreThatIgnoresHeaders(t *testing.T) {
	server, bucket := start(t)
	for _, header := range []string{"If-Match", "Range"} {
		server.Fault(func(s3server.Request) s3server.Fault { return s3server.Fault{Ignore: header} })
		server.Put("work", bytes.Repeat([]byte{1}, 3*mib))
		blob, err := bucket.Open(t.Context(), "work")
		if header == "Range" {
			if err == nil {
				blob.Close()
				t.Error("a store without ranges: got nil, want an error")
			}
			continue
		}
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		defer blob.Close()
		server.Put("work", bytes.Repeat([]byte{2}, 3*mib))
		p := make([]byte, mib)
		if n, err := blob.ReadAt(p, mib); n > 0 || err == nil || gallery.CodeOf(err) == gallery.Unavailable {
			t.Errorf("another version: got %d bytes and %v, want none and an error that trying again does not mend", n, err)
		}
	}
}

func TestNoRoom(t *testing.T) {
	for _, size := range []int{10, 9 * mib} {
		server, bucket := start(t)
		server.Fault(func(r s3server.Request) s3server.Fault {
			if strings.HasPrefix(r.Op, "Put") || r.Op == "UploadPart" {
				return s3server.Fault{Status: 507}
			}
			return s3server.Fault{}
		})
		err := tryPut(t.Context(), bucket, "work", make([]byte, size))
		wantUnavailable(t, err, "a full store")
		if !strings.Contains(fmt.Sprint(err), "no room") {
			t.Errorf("got %v, want it to say that there is no room", err)
		}
		server.Fault(nil)
		wantEmpty(t, server, "after the error")
	}
}

// TestHangingUp ends the context in the middle: what waits for the store ends at
// once, and an upload leaves nothing.
func TestHangingUp(t *testing.T) {
	server, bucket := start(t)
	put(t, bucket, "work", noise(3*mib, 1))
	blob, err := bucket.Open(t.Context(), "work")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	ctx, hangUp := context.WithCancel(t.Context())
	cancelled, err := bucket.Open(ctx, "work")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer cancelled.Close()
	w, err := bucket.Create(ctx, "other")
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if _, err := w.Write(make([]byte, 17*mib)); err != nil {
		t.Fatalf("write: %v", err)
	}

	// Each waits for an answer that does not come, until it is told.
	var asked atomic.Int64
	waiting := make(chan struct{})
	server.Fault(func(r s3server.Request) s3server.Fault {
		if r.Op != "GetObject" && r.Op != "UploadPart" {
			return s3server.Fault{}
		}
		if asked.Add(1) == 3 {
			close(waiting)
		}
		return s3server.Fault{Delay: time.Hour}
	})
	ends := make(chan error, 3)
	go func() { _, err := cancelled.ReadAt(make([]byte, 10), mib); ends <- err }()
	go func() { _, err := blob.ReadAt(make([]byte, 10), mib); ends <- err }()
	go func() { _, err := w.Write(make([]byte, 9*mib)); ends <- err }()
	<-waiting
	begin := time.Now()
	hangUp()
	blob.Close()
	for range 3 {
		if err := <-ends; err == nil || gallery.CodeOf(err) == gallery.Unavailable {
			t.Errorf("got %v, want it ended by whoever hung up", err)
		}
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("they ended %v later", took)
	}
	server.Fault(nil)
	if err := w.Commit(); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: got %v, want %v", err, context.Canceled)
	}
	if keys := server.Keys(); !slices.Equal(keys, []string{"work"}) || server.Uploads() > 0 {
		t.Errorf("the store holds %v and %d unfinished uploads, want the first blob", keys, server.Uploads())
	}
}
