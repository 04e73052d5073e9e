package gallerytest_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"invisibleart.example/gallery/gallerytest"
)

// smallDisk mounts a disk of so many bytes, which only root may; in a container
// not even root, and that is no fault that CI could mend.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		gallerytest.Missing(t, "only root may mount a small disk")
	}
	path := t.TempDir()
	err := unix.Mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size="+size)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skip("SKIPPED, EVEN IN CI: this root may not mount anything, so NOTHING WAS TRIED ON A FULL DISK: " + err.Error())
	}
	if err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(path, 0); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	})
	return path
}

// TestFullDisk: a work that does not fit is refused and leaves nothing behind;
// a comment that cannot be written is not acknowledged; what hangs stays as it
// was; and with room again everything goes on, without a restart.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "24m")
	p := gallerytest.Launch(t, "--data", filepath.Join(disk, "data"))
	artist, visitor := p.Artist(t, "artist"), p.Register(t, "visitor")
	small := bytes.Repeat([]byte("small "), 50_000)
	first := artist.Hang(t, gallerytest.Work{Title: "First", Content: small})

	body, contentType := gallerytest.Work{Title: "Too much", Content: bytes.Repeat([]byte("large "), 5_000_000)}.Form(t)
	status, answer, err := artist.Send("POST", "/artworks", contentType, body)
	// The answer comes while the body is still on its way, and the reset of the
	// connection may overtake it.
	if err == nil && status < 500 {
		t.Errorf("a work larger than the disk: got status %d, want a failure of the server: %s", status, answer)
	}
	second := artist.Hang(t, gallerytest.Work{Title: "Second", Content: small}) // the room is free again

	// Filled to the last byte: nothing can be written any more.
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	acknowledged := 0
	for range 200 {
		status, _, err := visitor.Try("POST", "/artworks/"+first.ID+"/comments", map[string]any{"content": rand.Text()})
		if err != nil {
			t.Fatalf("the server does not answer on a full disk: %v", err)
		}
		if status == http.StatusCreated {
			acknowledged++ // there was room in the log's file
		} else if status < 500 {
			t.Errorf("a comment on a full disk: got status %d, want 201 or a failure of the server", status)
		} else {
			break
		}
	}
	if acknowledged == 200 {
		t.Error("200 comments were written to a full disk")
	}
	ready := func(want int) {
		t.Helper()
		response, err := p.Client.Get(p.URL + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.StatusCode; got != want {
			t.Errorf("readyz: got status %d, want %d", got, want)
		}
	}
	ready(http.StatusServiceUnavailable)
	if got, want := strings.Count(p.Log(), "request cannot be served now"), 1; got != want {
		t.Errorf("got %d warnings within a minute, want %d:\n%s", got, want, p.Log())
	}
	if a := p.Anybody().Look(t, second.ID); a.Title != "Second" {
		t.Errorf("on a full disk the second work is %+v", a)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	ready(http.StatusOK) // by itself, though nobody has written anything
	visitor.Comment(t, first.ID, "There is room again")
	if got, want := len(p.Anybody().Comments(t, first.ID)), acknowledged+1; got != want {
		t.Errorf("got %d comments, want the %d that were acknowledged", got, want)
	}
	artist.Reveal(t, first.ID)
	if status, content := p.Anybody().Content(t, first.ID); status != http.StatusOK || !bytes.Equal(content, small) {
		t.Errorf("the first work: got status %d and %d bytes, want what was handed in", status, len(content))
	}
	p.Kill(t)
	p.Start(t)
	if got, want := len(p.Anybody().Comments(t, first.ID)), acknowledged+1; got != want {
		t.Errorf("after a kill: got %d comments, want %d", got, want)
	}
}

func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Fatalf("fill the disk: %v", err)
			}
			size /= 2
		}
	}
}
