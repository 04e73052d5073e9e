package api_test

import (
	"bytes"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
)

// TestContentIsSealed asks for a hidden work in every way there is.
func TestContentIsSealed(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	const marker = "0123456789abcdef that nobody has seen"
	path := h.hang(artist, []byte(marker))
	commitment := h.ask(nil, "GET", path, nil).object()["seal"].(object)["commitment"].(string)
	others := map[string]*gallerytest.Person{"nobody": nil, "a visitor": h.Register(t, "visitor"), "another artist": h.Artist(t, "other"), "an administrator": h.admin("admin")}
	tricks := []string{
		"", "Range: bytes=0-", "If-None-Match: *", `If-None-Match: "` + commitment + `"`, "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
		`If-Range: "` + commitment + `"`, "X-HTTP-Method-Override: GET", "X-Original-URL: " + path,
	}
	reads := map[string]int{"GET": 1, "HEAD": 1}
	for name, who := range others {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} {
			for _, spelling := range []string{path + "/content", path + "/content/", path + "/%63ontent", path + "/content?x=1", strings.Replace(path, "/artworks", "/./artworks", 1) + "/content", strings.Replace(path, "/artworks", "//artworks", 1) + "/content"} {
				for _, header := range tricks[:max(1, len(tricks)*reads[method])] {
					var headers []string
					if header != "" {
						headers = []string{header}
					}
					got := h.ask(who, method, spelling, nil, headers...)
					if got.status < 400 && !(method == "OPTIONS" && len(got.body) == 0) || bytes.Contains(got.body, []byte("0123456789abcdef")) || got.header.Get("ETag") != "" {
						t.Errorf("%s, %s %s with %q: got %d %s", name, method, spelling, header, got.status, got.body)
					}
				}
			}
		}
		h.ask(who, "GET", path+"/content", nil).want(403).has("Cache-Control", "no-store")
	}
	got := h.ask(artist, "GET", path+"/content", nil).want(200).has("Cache-Control", "private, no-store").has("ETag", "").has("Cross-Origin-Resource-Policy", "same-origin")
	if string(got.body) != marker {
		t.Errorf("the artist gets %q, want the work", got.body)
	}
	h.ask(artist, "GET", path+"/content", nil, "Range: bytes=0-3").want(206).has("Cache-Control", "private, no-store")
	h.ask(nil, "GET", root+"/artworks/"+nowhere+"/content", nil).want(404)
}

func TestContentAfterTheReveal(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	words := []byte(strings.Repeat("a work that everybody sees. ", 10_000))
	path := h.hang(artist, words)
	h.ask(artist, "POST", path+"/reveal", nil).want(200)
	path += "/content"
	whole := h.ask(nil, "GET", path, nil).want(200).
		has("Content-Type", "text/plain; charset=utf-8").has("X-Content-Type-Options", "nosniff").
		has("Cache-Control", "public, max-age=3600").has("Cross-Origin-Resource-Policy", "cross-origin").has("Content-Disposition", "")
	if !bytes.Equal(whole.body, words) {
		t.Errorf("got %d bytes that differ from the %d handed in", len(whole.body), len(words))
	}
	if policy := whole.header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("got policy %q, want a sandbox", policy)
	}
	etag, modified := whole.header.Get("ETag"), whole.header.Get("Last-Modified")
	if !strings.HasPrefix(etag, `"`) || modified == "" {
		t.Errorf("got ETag %q and Last-Modified %q, want a strong validator and a time", etag, modified)
	}
	before, err := http.ParseTime(modified)
	if err != nil {
		t.Fatal(err)
	}
	earlier := before.Add(-time.Minute).Format(http.TimeFormat)
	for _, test := range []struct {
		name    string
		headers []string
		want    int
		body    []byte
	}{
		{"a range", []string{"Range: bytes=5-9"}, 206, words[5:10]},
		{"across chunks", []string{"Range: bytes=65530-65545"}, 206, words[65530:65546]},
		{"to the end", []string{"Range: bytes=279990-"}, 206, words[279990:]},
		{"from the end", []string{"Range: bytes=-10"}, 206, words[len(words)-10:]},
		{"beyond", []string{"Range: bytes=280000-"}, 416, nil},
		{"the last no bytes", []string{"Range: bytes=-0"}, 416, nil},
		{"the last no bytes, at length", []string{"Range: bytes= -000 , -0"}, 416, nil},
		{"the last no bytes beside some", []string{"Range: bytes=-0, 5-9"}, 206, words[5:10]},
		{"the last no bytes of another version", []string{"Range: bytes=-0", `If-Range: "other"`}, 200, words},
		{"the unit in another case", []string{"Range: Bytes=5-9"}, 206, words[5:10]},
		{"backwards", []string{"Range: bytes=9-5"}, 416, nil},
		{"nonsense in bytes", []string{"Range: bytes=x"}, 416, nil},
		{"another unit", []string{"Range: lines=1-2"}, 200, words},
		{"a range of this version", []string{"Range: bytes=5-9", "If-Range: " + etag}, 206, words[5:10]},
		{"a range of another version", []string{"Range: bytes=5-9", `If-Range: "other"`}, 200, words},
		{"a range by time", []string{"Range: bytes=5-9", "If-Range: " + modified}, 206, words[5:10]},
		{"known", []string{"If-None-Match: " + etag}, 304, nil},
		{"known among others", []string{`If-None-Match: "x", ` + etag}, 304, nil},
		{"known weakly", []string{"If-None-Match: W/" + etag}, 304, nil},
		{"not known", []string{`If-None-Match: "other"`}, 200, words},
		{"not changed", []string{"If-Modified-Since: " + modified}, 304, nil},
		{"changed", []string{"If-Modified-Since: " + earlier}, 200, words},
		{"the tag goes before the time", []string{"If-Modified-Since: " + modified, `If-None-Match: "other"`}, 200, words},
		{"as expected", []string{"If-Match: " + etag}, 200, words},
		{"not as expected", []string{`If-Match: "other"`}, 412, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &house{h.Server, t}
			got := h.ask(nil, "GET", path, nil, test.headers...).want(test.want)
			if test.body != nil && !bytes.Equal(got.body, test.body) {
				t.Errorf("got %d bytes, want %d others", len(got.body), len(test.body))
			}
			if test.want == 304 && got.header.Get("ETag") != etag {
				t.Errorf("got ETag %q with 304, want %q", got.header.Get("ETag"), etag)
			}
		})
	}
	h.ask(nil, "GET", path, nil, "Range: bytes=280000-").has("Content-Range", "bytes */280000").has("Cache-Control", "no-store")
	if head := h.ask(nil, "HEAD", path, nil).want(200).has("Content-Length", "280000"); len(head.body) > 0 {
		t.Errorf("HEAD has a body of %d bytes", len(head.body))
	}
	several := h.ask(nil, "GET", path, nil, "Range: bytes=0-4,10-14").want(206)
	_, params, err := mime.ParseMediaType(several.header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(bytes.NewReader(several.body), params["boundary"])
	for _, want := range [][]byte{words[0:5], words[10:15]} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatalf("read a range of two: %v", err)
		}
		if got, err := io.ReadAll(part); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	}
}

func TestPDFIsADownload(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	path := h.hang(artist, []byte("%PDF-1.4\n%%EOF\n"))
	h.ask(artist, "POST", path+"/reveal", nil).want(200)
	got := h.ask(nil, "GET", path+"/content", nil).want(200).has("Content-Type", "application/pdf")
	if disposition := got.header.Get("Content-Disposition"); !strings.HasPrefix(disposition, "attachment;") || !strings.Contains(disposition, ".pdf") {
		t.Errorf("got Content-Disposition %q, want an attachment", disposition)
	}
}

func TestPlaceholder(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	bare := h.hang(artist, []byte("words"))
	h.ask(nil, "GET", bare+"/placeholder", nil).want(404)
	path := h.ask(artist, "POST", root+"/artworks", work([]byte("words")).file("placeholder_image", picture())).want(201).header.Get("Location") + "/placeholder"
	whole := h.ask(nil, "GET", path, nil).want(200).has("Content-Type", "image/png").has("X-Content-Type-Options", "nosniff").
		has("Cache-Control", "public, max-age=3600").has("Cross-Origin-Resource-Policy", "cross-origin")
	if !bytes.Equal(whole.body, picture()) {
		t.Errorf("got %d bytes that differ from the picture", len(whole.body))
	}
	etag := whole.header.Get("ETag")
	h.ask(nil, "GET", path, nil, "If-None-Match: "+etag).want(304)
	h.ask(nil, "GET", path, nil, `If-Match: "other"`).want(412)
	h.ask(nil, "GET", path, nil, "Range: bytes=1-3").want(206)
	h.ask(nil, "GET", path, nil, "Range: bytes=5000-").want(416)
	h.ask(nil, "HEAD", path, nil).want(200)
}

// sealed finds the file of the one work.
func (h *house) sealed() (path string) {
	h.t.Helper()
	err := filepath.WalkDir(filepath.Join(h.Node.DataDir(), "works"), func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			path = p
		}
		return err
	})
	if err != nil || path == "" {
		h.t.Fatalf("find the sealed work: %v", err)
	}
	return path
}

// TestDamagedContent never shows a wrong byte: damage that is found at opening
// is a 500, damage in the middle cuts the connection.
func TestDamagedContent(t *testing.T) {
	var log journal
	h := open(t, func(c *node.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	artist := h.Artist(t, "artist")
	words := []byte(strings.Repeat("a work that everybody sees. ", 10_000))
	path := h.hang(artist, words)
	h.ask(artist, "POST", path+"/reveal", nil).want(200)
	path += "/content"
	file := h.sealed()
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(change func([]byte) []byte) {
		t.Helper()
		if err := os.WriteFile(file, change(bytes.Clone(good)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damage(func(b []byte) []byte { return b[:len(b)-1] })
	h.ask(nil, "GET", path, nil).want(500)
	damage(func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	h.ask(nil, "GET", path, nil).want(500)

	damage(func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	got, err := h.cut(path)
	if err == nil || len(got) >= len(words) || !bytes.HasPrefix(words, got) {
		t.Errorf("damage in the middle: got %d bytes (%v), want the true beginning and then a cut", len(got), err)
	}
	if lines := log.count("content cannot be read"); lines != 1 {
		t.Errorf("the log says %d times that it cannot be read, want once", lines)
	}
	h.ask(nil, "GET", path, nil, "Range: bytes=0-99").want(206) // what is whole is shown

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	h.ask(nil, "GET", path, nil).want(500)
}

// cut reads an answer that is expected to break off.
func (h *house) cut(path string) ([]byte, error) {
	h.t.Helper()
	response, err := gallerytest.Visit(h.t, h.URL).Client.Get(h.URL + path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// journal is a log that a test can read while the server writes.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) count(words string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), words)
}
