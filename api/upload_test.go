package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/ratelimit"
)

func TestUploadInAnyOrder(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	parts := map[string]func(*form){
		"title":             func(f *form) { f.field("title", " Dusk ") },
		"description":       func(f *form) { f.field("description", "over the sea") },
		"alt_text":          func(f *form) { f.field("alt_text", "A sun.") },
		"reveal_when":       func(f *form) { f.field("reveal_when", "all") },
		"reveal_conditions": func(f *form) { f.field("reveal_conditions", "["+gallerytest.Comments(3)+"]") },
		"artwork_file":      func(f *form) { f.file("artwork_file", []byte("plain words")) },
		"placeholder_image": func(f *form) { f.file("placeholder_image", picture()) },
	}
	order := []string{"title", "description", "alt_text", "reveal_when", "reveal_conditions", "artwork_file", "placeholder_image"}
	for range order {
		order = append(order[1:], order[0])
		form := newForm()
		for _, name := range order {
			parts[name](form)
		}
		created := h.ask(artist, "POST", root+"/artworks", form).want(201)
		got := created.object()
		if got["title"] != "Dusk" || got["description"] != "over the sea" || got["alt_text"] != "A sun." || got["reveal_when"] != "all" ||
			got["content_type"] != "text/plain; charset=utf-8" || got["placeholder_image"] != created.header.Get("Location")+"/placeholder" {
			t.Errorf("in the order %v: got %v", order, got)
		}
		if content := h.ask(artist, "GET", created.header.Get("Location")+"/content", nil).want(200).body; string(content) != "plain words" {
			t.Errorf("in the order %v: got content %q", order, content)
		}
	}
}

func TestUploadNamesWhatIsWrong(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	whole := func() *form { return work(picture()) }
	for _, test := range []struct {
		name string
		form *form
		want []string
	}{
		{"nothing", newForm(), []string{"artwork_file", "reveal_conditions", "title"}},
		{"no file", newForm().field("title", "Dusk").field("reveal_conditions", "["+gallerytest.Views(5)+"]"), []string{"artwork_file"}},
		{"everything", newForm().field("title", "").field("description", strings.Repeat("x", 5001)).field("reveal_when", "some").field("reveal_conditions", "no").
			file("artwork_file", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")).file("placeholder_image", []byte("no picture")).field("is_revealed", "true"),
			[]string{"artwork_file", "description", "is_revealed", "placeholder_image", "reveal_conditions", "reveal_when", "title"}},
		{"what cannot be set", whole().field("view_count", "9").field("artist", "me"), []string{"artist", "view_count"}},
		{"an unknown part", whole().field("colour", "red"), []string{"colour"}},
		{"another case", whole().field("Title", "Dawn"), []string{"Title"}},
		{"a text twice", whole().field("title", "Dawn"), []string{"title"}},
		{"a file twice", whole().file("artwork_file", picture()), []string{"artwork_file"}},
		{"a part without a name", whole().part("form-data", "text/plain", nil), []string{"body"}},
		{"a part that is none", whole().part("attachment; name=title", "text/plain", nil), []string{"body"}},
		{"a text too long for any", whole().field("alt_text", strings.Repeat("x", 70<<10)), []string{"alt_text"}},
		{"a text that is none", whole().field("alt_text", "\xff"), []string{"alt_text"}},
		{"an empty file", newForm().field("title", "Dusk").field("reveal_conditions", "["+gallerytest.Views(5)+"]").file("artwork_file", nil), []string{"artwork_file"}},
		{"HTML", newForm().field("title", "Dusk").field("reveal_conditions", "["+gallerytest.Views(5)+"]").file("artwork_file", []byte("<!doctype html><script>1</script>")), []string{"artwork_file"}},
		{"a long file of no kind, and a title behind it", newForm().field("reveal_when", "x").file("artwork_file", make([]byte, 600<<10)).field("title", ""), []string{"artwork_file"}},
		{"an empty placeholder", whole().file("placeholder_image", nil), []string{"placeholder_image"}},
		{"a placeholder that is no picture", whole().file("placeholder_image", []byte("words")), []string{"placeholder_image"}},
		{"an empty way to combine", whole().field("reveal_when", ""), []string{"reveal_when"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &house{h.Server, t}
			got := h.ask(artist, "POST", root+"/artworks", test.form).want(422).places()
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Errorf("got places %v, want %v", got, test.want)
			}
		})
	}
	if got := h.ask(nil, "GET", root+"/artworks", nil).want(200).object()["results"].([]any); len(got) != 0 {
		t.Errorf("%d works hang after nothing but refusals", len(got))
	}
	h.noBlobs(t)
}

// noBlobs fails the test unless the place of sealed works becomes empty.
func (h *house) noBlobs(t testing.TB) {
	t.Helper()
	var left []string
	for range 200 {
		left = nil
		err := filepath.WalkDir(h.Node.DataDir(), func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.Contains(path, "works") {
				left = append(left, path)
			}
			return err
		})
		if err == nil && len(left) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("left in the vault: %v", left)
}

func TestUploadThatIsNoForm(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	for _, test := range []struct {
		name, contentType, body string
		want                    int
	}{
		{"JSON", "application/json", "{}", 415},
		{"another multipart", "multipart/mixed; boundary=x", "--x--", 415},
		{"no boundary", "multipart/form-data", "--x--", 400},
		{"nothing", "multipart/form-data; boundary=x", "", 400},
		{"no part ends", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=title\r\n\r\nDusk", 400},
		{"no last boundary", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=title\r\n\r\nDusk\r\n--x\r\n", 400},
		{"a file cut off", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=artwork_file; filename=a\r\n\r\nplain words", 400},
		{"a head cut off", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=title\r\n\r\nDusk\r\n--x\r\nContent-Disposition: form-data; name=alt_text", 400},
		{"a whole file, and then nothing", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=artwork_file; filename=a\r\n\r\nplain words\r\n--x\r\n", 400},
		{"headers without end", "multipart/form-data; boundary=x", "--x\r\n" + strings.Repeat("X-Long: "+strings.Repeat("y", 1000)+"\r\n", 100), 400},
		{"a preamble without end", "multipart/form-data; boundary=x", strings.Repeat("words before anything\r\n", 10000) + "--x--", 400},
		{"headers that are none", "multipart/form-data; boundary=x", "--x\r\nno header\r\n\r\n\r\n--x--", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &house{h.Server, t}
			h.ask(artist, "POST", root+"/artworks", test.body, "Content-Type: "+test.contentType).want(test.want)
		})
	}
	h.noBlobs(t)
}

func TestUploadLimits(t *testing.T) {
	const most = 100 << 10
	h := open(t, func(c *node.Config) { c.MaxUpload = most })
	artist := h.Artist(t, "artist")
	text := func(n int) []byte { return bytes.Repeat([]byte("x"), n) }
	h.ask(artist, "POST", root+"/artworks", work(text(most))).want(201)
	h.ask(artist, "POST", root+"/artworks", work(text(most+1))).want(413)
	body, contentType := work(text(most + 1)).end()
	h.ask(artist, "POST", root+"/artworks", io.MultiReader(body), "Content-Type: "+contentType).want(413)
	h.ask(artist, "POST", root+"/artworks", work(picture()).file("placeholder_image", text(2<<20+1))).want(413)
	// A part that nobody wants does not get around the limit of the whole.
	body, contentType = newForm().file("rubbish", text(4<<20)).end()
	h.ask(artist, "POST", root+"/artworks", io.MultiReader(body), "Content-Type: "+contentType).want(422)
}

// TestUploadRefusedBeforeItIsRead sends the head of a request alone: the answer
// comes though not a byte of the body does.
func TestUploadRefusedBeforeItIsRead(t *testing.T) {
	h := open(t)
	artist, visitor := h.Artist(t, "artist"), h.Register(t, "visitor")
	for _, test := range []struct {
		name, path, contentType string
		who                     *gallerytest.Person
		length                  int64
		want                    string
	}{
		{"64 MiB and then some", "/artworks", "multipart/form-data; boundary=x", artist, 64<<20 + 3<<20, "413"},
		{"as much as a number holds", "/artworks", "multipart/form-data; boundary=x", artist, 1<<63 - 1, "413"},
		{"no artist", "/artworks", "multipart/form-data; boundary=x", visitor, 1000, "403"},
		{"nobody", "/artworks", "multipart/form-data; boundary=x", &gallerytest.Person{}, 1000, "401"},
		{"another type", "/artworks", "text/plain", artist, 1000, "415"},
		{"JSON of 64 KiB and one", "/auth/refresh", "application/json", &gallerytest.Person{}, 64<<10 + 1, "413"},
	} {
		t.Run(test.name, func(t *testing.T) {
			head := fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n", root, test.path, test.contentType, test.length)
			if test.who.Access != "" {
				head += "Authorization: Bearer " + test.who.Access + "\r\n"
			}
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
				t.Fatal(err)
			}
			status := make([]byte, len("HTTP/1.1 413"))
			if _, err := io.ReadFull(conn, status); err != nil {
				t.Fatalf("no answer to the head alone: %v", err)
			}
			if got, want := string(status), "HTTP/1.1 "+test.want; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestRefusalReachesWhoeverSendsOn has a client that looks for an answer only
// when it has sent everything, though it was refused after the head: a server
// that closes at once would have its answer eaten by a reset.
func TestRefusalReachesWhoeverSendsOn(t *testing.T) {
	h := open(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	const size = 8 << 20 // more than the kernels on both sides would hold
	head := fmt.Sprintf("POST %s/artworks HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n", root, size)
	if _, err := conn.Write(append([]byte(head), make([]byte, size)...)); err != nil {
		t.Fatalf("send the whole body: %v", err)
	}
	status := make([]byte, len("HTTP/1.1 401"))
	if _, err := io.ReadFull(conn, status); err != nil || string(status) != "HTTP/1.1 401" {
		t.Errorf("got %q (%v), want HTTP/1.1 401", status, err)
	}
}

func TestUploadsAreLimited(t *testing.T) {
	h := open(t, func(c *node.Config) { c.Limits.UploadsByUser = ratelimit.Rule{Burst: 1, Every: time.Minute} })
	artist := h.Artist(t, "artist")
	h.hang(artist, picture())
	h.ask(artist, "POST", root+"/artworks", work(picture())).want(429).has("Retry-After", "60")
	h.hang(h.Artist(t, "other"), picture())
}

// TestUploadThatIsGivenUp leaves nothing behind, and no file in the directory
// for temporary ones while it runs.
func TestUploadThatIsGivenUp(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	h := open(t)
	artist := h.Artist(t, "artist")
	body, feed := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), "POST", h.URL+root+"/artworks", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	request.Header.Set("Authorization", "Bearer "+artist.Access)
	ended := make(chan error, 1)
	go func() {
		response, err := gallerytest.Visit(t, h.URL).Client.Do(request)
		if err == nil {
			response.Body.Close()
		}
		ended <- err
	}()
	if _, err := io.WriteString(feed, "--x\r\nContent-Disposition: form-data; name=artwork_file; filename=a\r\n\r\n"+strings.Repeat("words ", 200_000)); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("in the directory for temporary files: %v (%v), want nothing", left, err)
	}
	feed.CloseWithError(io.ErrUnexpectedEOF)
	if err := <-ended; err == nil {
		t.Error("the upload was answered, want it given up")
	}
	h.noBlobs(t)
}
