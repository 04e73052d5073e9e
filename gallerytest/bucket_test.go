package gallerytest_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/gallerytest/s3server"
)

// bucketFlags are what has a node keep its works in the bucket.
func bucketFlags(server *s3server.Server) []string {
	return []string{"--blobs", server.URL(), "--s3-access-key", server.AccessKey, "--s3-secret-key", server.SecretKey}
}

// TestWorksInABucket hangs a work at one node and shows it at the other, both
// over one S3 bucket, which holds nothing of its plaintext. While the bucket is
// away the works are, with a time to come again, and nothing else is; a node
// that is killed in an upload leaves nothing that could be read.
func TestWorksInABucket(t *testing.T) {
	server := s3server.Start(t)
	f := gallerytest.Nodes(t, 2, bucketFlags(server)...)
	one, two := f.Nodes[0], f.Nodes[1]
	artist := one.Artist(t, "artist")
	marker := rand.Text()
	var content []byte
	for i := 0; len(content) < 10<<20; i++ {
		content = fmt.Appendf(content, "line %d of a long poem about %s\n", i, marker)
	}
	work := artist.Hang(t, gallerytest.Work{Title: "A poem", Content: content})
	artist.Reveal(t, work.ID)
	server.Each(func(where string, stored []byte) {
		if bytes.Contains(stored, []byte(marker)) {
			t.Errorf("the plaintext lies in %s", where)
		}
	})

	visitor := one.Anybody().At(two.House)
	ask := func(header string) (*http.Response, []byte) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), "GET", visitor.URL+"/api/v1/artworks/"+work.ID+"/content", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Range", header)
		response, err := visitor.Client.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", header, err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatalf("%s: %v", header, err)
		}
		return response, body
	}
	server.Requests()
	response, body := ask("bytes=5000000-7999999")
	if response.StatusCode != http.StatusPartialContent || !bytes.Equal(body, content[5_000_000:8_000_000]) {
		t.Errorf("a range at the other node: got status %d and %d bytes, want %d and those of the work", response.StatusCode, len(body), http.StatusPartialContent)
	}
	if requests := server.Requests(); len(requests) != 3 {
		t.Errorf("a range took %d requests, want its own and the two that authenticate the work: %+v", len(requests), requests)
	}

	t.Run("the bucket is away", func(t *testing.T) {
		server.Stop()
		response, _ := ask("bytes=0-9")
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("a work: got status %d, Retry-After %q, want %d and a time", response.StatusCode, response.Header.Get("Retry-After"), http.StatusServiceUnavailable)
		}
		form, contentType := gallerytest.Work{Title: "Another"}.Form(t)
		if status, answer, err := artist.Send("POST", "/artworks", contentType, form); err != nil || status != http.StatusServiceUnavailable {
			t.Errorf("hang: got status %d, %v, want %d: %s", status, err, http.StatusServiceUnavailable, answer)
		}
		if got := artist.Look(t, work.ID); !got.IsRevealed {
			t.Errorf("look: got %+v, want the work without its content", got)
		}
		artist.Comment(t, work.ID, "Where is it?")
		server.Resume()
		if _, body := ask("bytes=0-9"); !bytes.Equal(body, content[:10]) {
			t.Errorf("back again: got %q, want %q", body, content[:10])
		}
	})

	t.Run("a node is killed in an upload", func(t *testing.T) {
		before := server.Keys()
		sent := make(chan struct{}, 100)
		server.Fault(func(r s3server.Request) s3server.Fault {
			if r.Op == "UploadPart" {
				sent <- struct{}{}
			}
			return s3server.Fault{}
		})
		form, contentType := gallerytest.Work{Title: "Lost", Content: bytes.Repeat([]byte("half of a poem\n"), 2<<20)}.Form(t)
		ended := make(chan error, 1)
		// The end of the form never comes.
		half, rest := io.Pipe()
		go func() {
			_, _, err := artist.Send("POST", "/artworks", contentType, io.MultiReader(io.LimitReader(form, 20<<20), half))
			ended <- err
		}()
		<-sent
		one.Kill(t)
		rest.Close()
		if err := <-ended; err == nil {
			t.Error("the upload was answered by a dead node")
		}
		server.Fault(nil)
		if keys := server.Keys(); !slices.Equal(keys, before) {
			t.Errorf("the bucket holds %v, want %v", keys, before)
		}
		one.Start(t)
		if status, got := artist.Content(t, work.ID); status != http.StatusOK || !bytes.Equal(got, content) {
			t.Errorf("after the restart: got status %d and %d bytes, want the work", status, len(got))
		}
	})
	if log := one.Log() + two.Log(); strings.Contains(log, server.SecretKey) {
		t.Error("the secret key is in a log")
	}
}
