package curator_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"image"
	"image/png"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/store"
)

// blobs lists the files below the vault's directory.
func (h *house) blobs() (names []string) {
	h.t.Helper()
	err := filepath.WalkDir(h.works(), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, d.Name())
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return names
}

func picture(t testing.TB) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHangingAWork(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	soon := time.Now().Add(time.Hour)
	art, err := h.submit(artist, curator.Submission{
		Title: " Dusk ", Description: "d", AltText: "a", Conditions: []gallery.Condition{at(soon), views(2)},
		Placeholder: picture(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := h.Artwork(t.Context(), strings.ToUpper(art.ID))
	if diff := cmp.Diff(stored, art); diff != "" || err != nil {
		t.Errorf("answer and store differ (-store +answer, %v):\n%s", err, diff)
	}
	if art.Title != "Dusk" || art.ContentType != "text/plain; charset=utf-8" && art.ContentType != "text/plain" || art.Placeholder != "image/png" ||
		art.RevealWhen != gallery.RevealAny || art.Artist.Username != "ana" || art.Conditions[0].ID == "" {
		t.Errorf("got %+v", art)
	}
	placeholder, _, err := h.Placeholder(t.Context(), art.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer placeholder.Close()
	if got, err := io.ReadAll(placeholder); !bytes.Equal(got, picture(t)) || err != nil {
		t.Errorf("the placeholder came back different (%v)", err)
	}
	state, err := h.ArtworkState(t.Context(), art.ID)
	if want := (gallery.ArtworkState{ID: art.ID, Title: "Dusk", Artist: "ana"}); state != want || err != nil {
		t.Errorf("got state %+v, %v, want %+v", state, err, want)
	}
	list, _, err := h.Artworks(t.Context(), gallery.Filter{Artist: "ana"})
	if err != nil || len(list) != 1 || list[0].ID != art.ID {
		t.Errorf("got %d works (%v), want the one", len(list), err)
	}
}

func TestContentIsTheArtistsUntilTheReveal(t *testing.T) {
	h := open(t, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, views(1))
	read := func(who auth.Identity) (string, error) {
		c, _, err := h.Content(t.Context(), who, art.ID)
		if err != nil {
			return "", err
		}
		defer c.Close()
		b, err := io.ReadAll(c)
		return string(b), err
	}
	for _, who := range []auth.Identity{{}, fan} {
		_, err := read(who)
		refusedWith(t, "before the reveal", err, gallery.Forbidden)
	}
	if got, err := read(artist); got != content || err != nil {
		t.Errorf("the artist: got %q, %v", got, err)
	}
	if _, err := h.Look(t.Context(), fan, art.ID); err != nil {
		t.Fatal(err)
	}
	for _, who := range []auth.Identity{{}, fan, artist} {
		if got, err := read(who); got != content || err != nil {
			t.Errorf("after the reveal: got %q, %v", got, err)
		}
	}
	_, _, err := h.Content(t.Context(), fan, "0198b7b1-0000-7000-8000-000000000000")
	refusedWith(t, "no such work", err, gallery.NotFound)
	_, _, err = h.Placeholder(t.Context(), art.ID)
	refusedWith(t, "no placeholder", err, gallery.NotFound)
}

// TestRefusedHangLeavesNothing: whatever is wrong, every place is named and the
// sealed file is gone.
func TestRefusedHangLeavesNothing(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	past := time.Now().Add(-time.Second)
	for _, test := range []struct {
		name string
		s    curator.Submission
		want []string
	}{
		{"everything", curator.Submission{
			Title: " \n", Description: strings.Repeat("x", 5001), AltText: "\x00", When: "some",
			Conditions: []gallery.Condition{at(past), views(0), comments(-1), {Measure: "moon"}, views(1 << 60)},
		}, []string{
			"title", "description", "alt_text", "reveal_when",
			"reveal_conditions[0].condition_value.reveal_at", "reveal_conditions[1].condition_value.count",
			"reveal_conditions[2].condition_value.comment_count", "reveal_conditions[3].condition_type",
			"reveal_conditions[4].condition_value.count",
		}},
		{"no condition", curator.Submission{Title: "t"}, []string{"reveal_conditions"}},
		{"eleven", curator.Submission{Title: "t", Conditions: make([]gallery.Condition, 11)}, []string{"reveal_conditions"}},
		{"what the edge found, once", curator.Submission{
			Conditions: []gallery.Condition{{}, views(0)},
			Problems: []gallery.FieldError{
				{Location: "title", Message: "must be text"},
				{Location: "reveal_conditions[0].condition_type", Message: "must be known"},
			},
		}, []string{"title", "reveal_conditions[0].condition_type", "reveal_conditions[1].condition_value.count"}},
		{"a placeholder that is none", curator.Submission{
			Title: "t", Conditions: []gallery.Condition{views(1)}, Placeholder: []byte("<svg></svg>"),
		}, []string{"placeholder_image"}},
		{"a placeholder that is text", curator.Submission{
			Title: "t", Conditions: []gallery.Condition{views(1)}, Placeholder: []byte("words"),
		}, []string{"placeholder_image"}},
		{"a huge placeholder", curator.Submission{
			Title: "t", Conditions: []gallery.Condition{views(1)}, Placeholder: make([]byte, curator.MaxPlaceholder+1),
		}, []string{"placeholder_image"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := h.submit(artist, test.s)
			refusedWith(t, "hang", err, gallery.Invalid)
			if diff := cmp.Diff(test.want, locations(err)); diff != "" {
				t.Errorf("places (-want +got):\n%s", diff)
			}
			if left := h.blobs(); len(left) > 0 {
				t.Errorf("left in the vault: %v", left)
			}
		})
	}
	_, err := h.Hang(t.Context(), artist, curator.Submission{Title: "t", Conditions: []gallery.Condition{views(1)}})
	if diff := cmp.Diff([]string{"artwork_file"}, locations(err)); diff != "" {
		t.Errorf("without a file: places (-want +got):\n%s", diff)
	}
}

// TestHangWithoutARowLeavesNothing: the file is durable before its row; when the
// row cannot come, the file goes.
func TestHangWithoutARowLeavesNothing(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	upload, err := h.Seal(t.Context(), artist, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Logout(t.Context(), artist, "", false); err != nil {
		t.Fatal(err)
	}
	_, err = h.Hang(t.Context(), artist, curator.Submission{
		Title: "t", Upload: upload, Conditions: []gallery.Condition{views(1)}, Placeholder: picture(t),
	})
	refusedWith(t, "signed out meanwhile", err, gallery.Unauthorized)
	if left := h.blobs(); len(left) > 0 {
		t.Errorf("left in the vault: %v", left)
	}
	upload.Discard() // after Hang it does nothing
}

func TestSealRefuses(t *testing.T) {
	h := open(t, plan{maxUpload: 1000})
	artist, fan := h.person("ana", true), h.person("ben", false)
	broken := errors.New("the line went dead")
	for _, test := range []struct {
		name string
		who  auth.Identity
		r    io.Reader
		want gallery.Code
	}{
		{"nobody", auth.Identity{}, strings.NewReader(content), gallery.Unauthorized},
		{"no artist", fan, strings.NewReader(content), gallery.Forbidden},
		{"too large", artist, strings.NewReader(strings.Repeat("x", 1001)), gallery.TooLarge},
		{"empty", artist, strings.NewReader(""), gallery.Invalid},
		{"SVG", artist, strings.NewReader("<svg xmlns='http://www.w3.org/2000/svg'/>"), gallery.Invalid},
		{"broken off", artist, io.MultiReader(strings.NewReader(content), iotest.ErrReader(broken)), gallery.Internal},
	} {
		_, err := h.Seal(t.Context(), test.who, test.r)
		refusedWith(t, test.name, err, test.want)
		if test.name == "broken off" && !errors.Is(err, broken) {
			t.Errorf("broken off: got %v, want the reader's error", err)
		}
		if left := h.blobs(); len(left) > 0 {
			t.Errorf("%s: left in the vault: %v", test.name, left)
		}
	}
	if _, err := h.Seal(t.Context(), artist, strings.NewReader(strings.Repeat("x", 1000))); err != nil {
		t.Errorf("exactly at the limit: %v", err)
	}
}

func TestDeletingAWork(t *testing.T) {
	h := open(t, plan{})
	artist, other := h.person("ana", true), h.person("ben", true)
	art := h.hang(artist, gallery.RevealAny, views(1))
	ear := h.listen("artwork:" + art.ID)
	refusedWith(t, "another artist", h.DeleteArtwork(t.Context(), other, art.ID), gallery.Forbidden)
	if err := h.DeleteArtwork(t.Context(), artist, art.ID); err != nil {
		t.Fatal(err)
	}
	if got := ear.await(t, 1)[0].Kind; got != gallery.EventArtworkDeleted {
		t.Errorf("the sockets heard %q, want %q", got, gallery.EventArtworkDeleted)
	}
	refusedWith(t, "again", h.DeleteArtwork(t.Context(), artist, art.ID), gallery.NotFound)
	_, err := h.Look(t.Context(), other, art.ID)
	refusedWith(t, "look", err, gallery.NotFound)
	_, err = h.Comment(t.Context(), other, art.ID, "where is it?")
	refusedWith(t, "comment", err, gallery.NotFound)
	_, _, err = h.Comments(t.Context(), art.ID, gallery.Page{})
	refusedWith(t, "comments", err, gallery.NotFound)
	if left := h.blobs(); len(left) > 0 {
		t.Errorf("left in the vault: %v", left)
	}
}

// TestJanitor: a blob without a row goes, at the start, once it is old; one that
// hangs, and one whose upload is under way, stay.
func TestJanitor(t *testing.T) {
	h := open(t, plan{idle: true, retention: 24 * time.Hour})
	artist, fan := h.person("ana", true), h.person("ben", false)
	hanging := h.hang(artist, gallery.RevealAny, views(10))
	if _, err := h.Comment(t.Context(), fan, hanging.ID, "!"); err != nil {
		t.Fatal(err)
	}
	// What a crash between blob and row leaves behind.
	orphan := h.hang(artist, gallery.RevealAny, views(10))
	err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.DeleteArtwork(context.Background(), orphan.ID) })
	if err != nil {
		t.Fatal(err)
	}
	if got := len(h.blobs()); got != 2 {
		t.Fatalf("%d blobs, want the work and the orphan", got)
	}
	tidy := func(now time.Time) {
		late := open(t, plan{dir: h.dir, now: func() time.Time { return now }, retention: 24 * time.Hour})
		eventually(t, "the janitor is through", func() bool { return strings.Contains(late.log.String(), "tidied up") })
		late.stop()
	}
	tidy(time.Now().Add(23 * time.Hour))
	if got := len(h.blobs()); got != 2 {
		t.Fatalf("%d blobs, want a fresh orphan left alone", got)
	}
	if got := len(h.inbox(artist)); got != 1 {
		t.Fatalf("%d entries in the inbox, want a fresh one left alone", got)
	}
	tidy(time.Now().Add(25 * time.Hour))
	left := h.blobs()
	if len(left) != 1 || !strings.HasPrefix(left[0], hanging.ID) {
		t.Errorf("left in the vault: %v, want the hanging work", left)
	}
	if got := len(h.inbox(artist)); got != 0 {
		t.Errorf("%d entries in the inbox, want the old one purged", got)
	}
}

// TestJanitorLeavesUploadsAlone: a work whose row is still to come looks like an
// orphan, however long that takes.
func TestJanitorLeavesUploadsAlone(t *testing.T) {
	h := open(t, plan{idle: true, now: (&hands{}).now}) // years after every file
	artist := h.person("ana", true)
	orphan := h.hang(artist, gallery.RevealAny, views(10))
	err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.DeleteArtwork(context.Background(), orphan.ID) })
	if err != nil {
		t.Fatal(err)
	}
	hung := make(chan gallery.Artwork, 1)
	h.holdingTheWriter(func() {
		go func() { hung <- h.hang(artist, gallery.RevealAny, views(10)) }()
		eventually(t, "the work is kept and waits for its row", func() bool {
			names := h.blobs()
			return len(names) == 2 && !strings.Contains(strings.Join(names, " "), ".part")
		})
		h.run()
		eventually(t, "the janitor has come by", func() bool { return strings.Contains(h.log.String(), "removed sealed works") })
	})
	art := <-hung
	if left := h.blobs(); len(left) != 1 || !strings.HasPrefix(left[0], art.ID) {
		t.Errorf("left in the vault: %v, want the new work", left)
	}
	work, _, err := h.Content(t.Context(), artist, art.ID)
	if err != nil {
		t.Fatalf("the work is gone: %v", err)
	}
	work.Close()
}

// damage makes a work's row unreadable, as a disk might.
func (h *house) damage(id string) {
	h.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "gallery.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE artworks SET wrapped_key = 'no hex' WHERE id = $1`, id); err != nil {
		h.t.Fatal(err)
	}
}

// TestBrokenWorkHoldsUpNoOther: in one batch of views, and at one instant.
func TestBrokenWorkHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, brokenWorkHoldsUpNoOther)
}

func brokenWorkHoldsUpNoOther(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	people := h.people("p", 10)
	instant := time.Now().Add(2 * time.Second)
	var works []string
	for range 5 {
		works = append(works, h.hang(artist, gallery.RevealAny, at(instant), views(1000)).ID)
	}
	broken := works[2]
	h.damage(broken)
	errs := make([]error, len(works)*len(people))
	var views sync.WaitGroup
	h.holdingTheWriter(func() { // so that they share a commit
		for i := range errs {
			views.Go(func() { _, errs[i] = h.Look(context.Background(), people[i%10], works[i/10]) })
		}
		synctest.Wait()
	})
	views.Wait()
	for i, err := range errs {
		want := gallery.Code("")
		if works[i/10] == broken {
			want = gallery.Internal
		}
		refusedWith(t, "view of work "+works[i/10], err, want)
	}
	time.Sleep(time.Until(instant) + time.Microsecond)
	synctest.Wait()
	for _, id := range works {
		if id != broken && h.hidden(id) {
			t.Errorf("work %s is hidden behind the broken one", id)
		}
	}
}
