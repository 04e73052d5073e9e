package gallerytest_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

// TestKilledInAStormOfComments kills the real process, as a power cut would,
// while several people comment as fast as they can and watchers watch, starts
// it again and looks for everything that was acknowledged; three times over.
func TestKilledInAStormOfComments(t *testing.T) { launchOnBothSides(t, killedInAStormOfComments) }

func killedInAStormOfComments(t *testing.T, p *gallerytest.Process) {
	const commenters, reveal = 6, 120
	artist := p.Artist(t, "artist")
	people := crowd(t, p.House, commenters)
	work := artist.Hang(t, gallerytest.Work{Title: "Storm", Conditions: gallerytest.Comments(reveal)})
	var acknowledged []string
	for round := range 3 {
		watcher := p.Anybody().Watch(t, work.ID)
		var mu sync.Mutex
		var storm sync.WaitGroup
		for i, person := range people {
			storm.Go(func() {
				for n := 0; ; n++ {
					text := fmt.Sprintf("round %d, visitor %d, comment %d", round, i, n)
					status, _, err := person.Try("POST", "/artworks/"+work.ID+"/comments", map[string]any{"content": text})
					if err != nil {
						return // dead, as it should be
					}
					if status != 201 {
						t.Errorf("%s: got status %d, want 201", text, status)
						return
					}
					mu.Lock()
					acknowledged = append(acknowledged, text)
					mu.Unlock()
				}
			})
		}
		// Into the middle of it, however fast the machine is.
		enough := len(acknowledged) + 50
		for many := 0; many < enough; time.Sleep(time.Millisecond) {
			mu.Lock()
			many = len(acknowledged)
			mu.Unlock()
		}
		p.Kill(t)
		storm.Wait()
		if got := watcher.Count("artwork_revealed"); got > 1 {
			t.Errorf("round %d: the watcher heard of the reveal %d times", round, got)
		}
		p.Start(t)
		checkAfterStorm(t, p, artist, work.ID, acknowledged, reveal)
	}
	if len(acknowledged) < reveal {
		t.Errorf("only %d comments were acknowledged: the reveal was never in the storm", len(acknowledged))
	}
}

func checkAfterStorm(t *testing.T, p *gallerytest.Process, artist *gallerytest.Person, id string, acknowledged []string, reveal int) {
	t.Helper()
	comments := artist.Comments(t, id)
	found := map[string]int{}
	ids := map[string]bool{}
	for _, c := range comments {
		found[c.Content]++
		ids[c.ID] = true
	}
	for text, n := range found {
		if n != 1 {
			t.Errorf("found %q %d times, want once", text, n)
		}
	}
	lost := 0
	for _, text := range acknowledged {
		if found[text] == 0 {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged comments are lost", lost, len(acknowledged))
	}
	a := artist.Look(t, id)
	if got, want := int(a.CommentCount), len(comments); got != want {
		t.Errorf("the work counts %d comments, want %d", got, want)
	}
	if got, want := a.IsRevealed, len(comments) >= reveal; got != want {
		t.Errorf("with %d comments: got revealed %t, want %t", len(comments), got, want)
	}
	watcher := p.Anybody().Watch(t, id)
	if got := watcher.Expect(t, "artwork_status").IsRevealed; got != a.IsRevealed {
		t.Errorf("the socket says revealed %t, REST says %t", got, a.IsRevealed)
	}
	watcher.Close()

	// The inbox: one entry for each comment and one for the reveal, without a gap.
	want := len(comments)
	if a.IsRevealed {
		want++
	}
	inbox := artist.Listen(t, 0)
	defer inbox.Close()
	reveals := 0
	for seq := int64(1); seq <= int64(want); seq++ {
		m := inbox.Expect(t, "notification")
		if m.Seq != seq {
			t.Fatalf("got seq %d, want %d", m.Seq, seq)
		}
		switch m.Data.Type {
		case "new_comment":
			if !ids[m.Data.CommentID] {
				t.Errorf("seq %d is for a comment that does not stand, or for the second time: %s", seq, m.Raw)
			}
			delete(ids, m.Data.CommentID)
		case "artwork_revealed":
			reveals++
		default:
			t.Errorf("got %s", m.Raw)
		}
	}
	if (reveals == 1) != a.IsRevealed || len(ids) > 0 {
		t.Errorf("got %d entries for the reveal (revealed: %t), and %d comments without one", reveals, a.IsRevealed, len(ids))
	}
}

// TestDueWhileDown: a work whose time came while nobody served reveals at the
// start, and its artist is told once.
func TestDueWhileDown(t *testing.T) { launchOnBothSides(t, dueWhileDown) }

func dueWhileDown(t *testing.T, p *gallerytest.Process) {
	artist := p.Artist(t, "artist")
	due := time.Now().Add(3 * time.Second)
	work := artist.Hang(t, gallerytest.Work{Title: "Dawn", Conditions: gallerytest.At(due)})
	p.Kill(t)
	if !time.Now().Before(due) {
		t.Fatal("the machine was too slow: the work was due before the kill")
	}
	time.Sleep(time.Until(due) + 100*time.Millisecond)
	p.Start(t)
	watcher := p.Anybody().Watch(t, work.ID)
	if m := watcher.Expect(t, "artwork_status"); !m.IsRevealed {
		// It may be a moment before the first look of the clock; then it is told.
		watcher.Expect(t, "artwork_revealed")
	}
	inbox := artist.Listen(t, 0)
	if kinds, _ := inboxOf(t, inbox, 0, 1); kinds[0] != "artwork_revealed 0" {
		t.Errorf("the artist heard %v, want the reveal", kinds)
	}
	a := artist.Look(t, work.ID)
	if !a.IsRevealed || a.RevealedAt.Before(due.Truncate(time.Millisecond)) {
		t.Errorf("got revealed %t at %v, want true, not before %v", a.IsRevealed, a.RevealedAt, due)
	}
}

// TestHiddenWorkIsNowhereOnDisk looks for a marker of a hidden work in every
// file of the data directory, after a kill in the middle of its upload and
// after a whole one.
func TestHiddenWorkIsNowhereOnDisk(t *testing.T) {
	p := gallerytest.Launch(t)
	artist := p.Artist(t, "artist")
	marker := []byte(rand.Text() + rand.Text())
	content := bytes.Repeat(append([]byte("This is what nobody may see: "), append(marker, '\n')...), 40_000) // about 3 MB
	form, contentType := gallerytest.Work{Title: "Half", Content: content}.Form(t)

	// Half of it is on its way, and something of that is on the disk.
	reader, writer := io.Pipe()
	half := form.Bytes()[:form.Len()/2]
	sent := make(chan struct{})
	go func() {
		writer.Write(half)
		close(sent)
	}()
	refused := make(chan error, 1)
	go func() {
		_, _, err := artist.Send("POST", "/artworks", contentType, reader)
		refused <- err
	}()
	<-sent
	for deadline := time.Now().Add(gallerytest.Patience); worksBytes(t, p.Data) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing of the upload reached the disk: the kill would prove nothing")
		}
	}
	p.Kill(t)
	writer.Close()
	if err := <-refused; err == nil {
		t.Error("an upload that was cut in half was answered")
	}
	searchDisk(t, p.Data, marker)

	p.Start(t)
	if got := worksBytes(t, p.Data); got != 0 {
		t.Errorf("%d bytes of the cut upload are still there after the start", got)
	}
	work := artist.Hang(t, gallerytest.Work{Title: "Whole", Content: content})
	searchDisk(t, p.Data, marker)
	p.Kill(t)
	searchDisk(t, p.Data, marker)
	p.Start(t)
	if status, _ := p.Anybody().Content(t, work.ID); status != 403 {
		t.Errorf("hidden: got status %d, want 403", status)
	}
	artist.Reveal(t, work.ID)
	if status, got := p.Anybody().Content(t, work.ID); status != 200 || !bytes.Equal(got, content) {
		t.Errorf("revealed: got status %d and %d bytes, want 200 and the %d that were handed in", status, len(got), len(content))
	}
	searchDisk(t, p.Data, marker) // the reveal writes it nowhere either
}

// worksBytes is how much lies in the works' directory.
func worksBytes(t *testing.T, data string) (total int64) {
	t.Helper()
	walk(t, filepath.Join(data, "works"), func(path string, info fs.FileInfo) { total += info.Size() })
	return total
}

func searchDisk(t *testing.T, data string, marker []byte) {
	t.Helper()
	files := 0
	walk(t, data, func(path string, _ fs.FileInfo) {
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return // gone meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		files++
		if bytes.Contains(content, marker) {
			t.Errorf("the marker stands in %s", strings.TrimPrefix(path, data))
		}
	})
	if files < 4 {
		t.Fatalf("looked into %d files only", files)
	}
}

func walk(t *testing.T, root string, visit func(path string, info fs.FileInfo)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			visit(path, info)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
