package web_test

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/web"
)

const someID = "0195b7a4-0b7e-7c3e-9f5a-2f6d1c8a4e10"

func TestVeil(t *testing.T) {
	veil := string(web.DrawVeil(someID))
	if again := string(web.DrawVeil(someID)); again != veil {
		t.Error("drawn twice: got two veils, want one")
	}
	seen := map[string]bool{veil: true}
	for i := range 10 {
		id := someID[:35] + string(rune('a'-1+i%6))
		if i > 5 {
			id = someID[:34] + string(rune('0'+i)) + "0"
		}
		other := string(web.DrawVeil(id))
		if id != someID && seen[other] {
			t.Errorf("%s: got the veil of another work", id)
		}
		seen[other] = true
	}
	for decoder := xml.NewDecoder(strings.NewReader(veil)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("got SVG that is not XML: %v", err)
		}
	}
	if len(veil) > 64<<10 {
		t.Errorf("got %d bytes, want at most 64 KiB", len(veil))
	}
	if strings.Contains(veil, "NaN") || strings.Contains(veil, "Inf") || strings.Contains(veil, "script") {
		t.Error("got a veil that holds more than lines")
	}
}

func BenchmarkVeil(b *testing.B) {
	for b.Loop() {
		web.DrawVeil(someID)
	}
}

// A veil is there for every id, whether or not a work has it.
func TestVeil_served(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	b := visit(t, server.House)
	veil := b.get(t, "/veils/"+someID)
	if veil.status != http.StatusOK || veil.header.Get("Content-Type") != "image/svg+xml" || veil.body != string(web.DrawVeil(someID)) {
		t.Errorf("got status %d, %s, want the veil", veil.status, veil.header.Get("Content-Type"))
	}
	if policy := veil.header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || strings.Contains(policy, "'self'") {
		t.Errorf("got policy %q, want one that allows nothing", policy)
	}
	if shouted := b.get(t, "/veils/"+strings.ToUpper(someID)); shouted.body != veil.body {
		t.Error("another spelling of the id: got another veil")
	}
	again := b.send(t, "GET", "/veils/"+someID, http.Header{"If-None-Match": {veil.header.Get("ETag")}}, nil)
	if again.status != http.StatusNotModified {
		t.Errorf("asked again: got status %d, want 304", again.status)
	}
}

func TestAssets(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	b := visit(t, server.House)
	addresses := regexp.MustCompile(`/assets/[0-9a-f]{16}/`).FindAllString(b.get(t, "/").body, -1)
	if len(addresses) == 0 {
		t.Fatal("got no address of an asset on the page")
	}
	prefix := addresses[0]
	for name, contentType := range map[string]string{
		"style.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8",
		"socket.js": "text/javascript; charset=utf-8", "times.js": "text/javascript; charset=utf-8",
		"icon.svg": "image/svg+xml", "empty.svg": "image/svg+xml",
	} {
		p := b.get(t, prefix+name)
		if p.status != http.StatusOK || p.header.Get("Content-Type") != contentType || p.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: got status %d, %s, %s, want it as %s for ever", name, p.status, p.header.Get("Content-Type"), p.header.Get("Cache-Control"), contentType)
		}
		old := b.get(t, "/assets/0000000000000000/"+name)
		if old.status != http.StatusOK || old.body != p.body || strings.Contains(old.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s of another version: got status %d, %s, want today's, not to be kept", name, old.status, old.header.Get("Cache-Control"))
		}
	}
	if p := b.get(t, "/favicon.ico"); p.status != http.StatusFound || p.header.Get("Location") != prefix+"icon.svg" {
		t.Errorf("favicon: got status %d to %q, want 302 to the icon", p.status, p.header.Get("Location"))
	}
}

// No page runs, styles or loads anything but what is served from here, and the
// policy of each says so.
func TestPages_areStrict(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	artist := server.Artist(t, "mara")
	hidden := artist.Hang(t, gallerytest.Work{})
	shown := artist.Hang(t, gallerytest.Work{Content: files(t)["picture"]})
	artist.Reveal(t, shown.ID)
	artist.Comment(t, shown.ID, "x")
	in := visit(t, server.House)
	in.signIn(t, "mara")
	for _, b := range []*browser{visit(t, server.House), in} {
		for _, path := range []string{"/", "/artworks/" + hidden.ID, "/artworks/" + shown.ID, "/sign-in", "/sign-up", "/nowhere"} {
			p := b.get(t, path)
			policy := p.header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
				if !strings.Contains(policy, want) {
					t.Errorf("%s: got policy %q, want %s in it", path, policy, want)
				}
			}
			if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
				t.Errorf("%s: got policy %q, want nothing unsafe in it", path, policy)
			}
			for _, form := range []string{`<script>`, `<style`, `\sstyle=`, `\son[a-z]+=`, `javascript:`, `https?://`} {
				if found := regexp.MustCompile(form).FindString(p.body); found != "" {
					t.Errorf("%s: got %q on the page", path, found)
				}
			}
			if got := p.header.Get("Referrer-Policy"); got == "no-referrer" || got == "" {
				t.Errorf("%s: got referrer policy %q; with no-referrer our own forms come with Origin: null", path, got)
			}
			if got := p.header.Get("Cache-Control"); !strings.Contains(got, "no-") {
				t.Errorf("%s: got Cache-Control %q, want pages not to be kept", path, got)
			}
		}
	}
}

// A broken template ends the start of the program.
func TestLoadPages_refusesBrokenTemplates(t *testing.T) {
	if _, err := web.LoadPages(web.Files, "/assets/x"); err != nil {
		t.Fatalf("the templates as they are: got %v, want them fine", err)
	}
	names, err := fs.Glob(web.Files, "templates/*.html")
	if err != nil {
		t.Fatalf("list the templates: %v", err)
	}
	for name, spoil := range map[string]func(string) string{
		"not closed":       func(text string) string { return text + "{{if .Title}}" },
		"misspelt field":   func(text string) string { return strings.Replace(text, "{{end}}", "{{.Titel}}{{end}}", 1) },
		"unknown template": func(text string) string { return strings.Replace(text, "{{end}}", `{{template "nothing"}}{{end}}`, 1) },
		"ambiguous markup": func(text string) string {
			if strings.HasPrefix(text, "<!doctype") {
				return text // its branches end where any markup may stand
			}
			return strings.Replace(text, "{{end}}", `<a href="{{.Title}}{{end}}`, 1)
		},
	} {
		for _, file := range names {
			spoilt := fstest.MapFS{}
			for _, other := range names {
				content, err := fs.ReadFile(web.Files, other)
				if err != nil {
					t.Fatalf("read %s: %v", other, err)
				}
				if other == file {
					content = []byte(spoil(string(content)))
				}
				spoilt[other] = &fstest.MapFile{Data: content}
			}
			if string(spoilt[file].Data) == string(mustRead(t, file)) {
				continue // nothing to spoil in that way
			}
			if _, err := web.LoadPages(spoilt, "/assets/x"); err == nil {
				t.Errorf("%s: %s: got the pages, want an error", name, file)
			}
		}
	}
	missing := fstest.MapFS{}
	for _, file := range names[1:] {
		missing[file] = &fstest.MapFile{Data: mustRead(t, file)}
	}
	if _, err := web.LoadPages(missing, "/assets/x"); err == nil {
		t.Errorf("without %s: got the pages, want an error", names[0])
	}
	if _, err := web.New(web.Config{}); err == nil {
		t.Error("without a curator: got the pages, want an error")
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	content, err := fs.ReadFile(web.Files, file)
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return content
}

func TestWords(t *testing.T) {
	numbers := map[int64]string{0: "0", 999: "999", 1000: "1\u202f000", 12345678: "12\u202f345\u202f678", -1234: "-1\u202f234", -123: "-123"}
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		if got, want := web.Number(n), numbers[n]; got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1 kB", 999_499: "999 kB", 2_500_000: "2.5 MB"} {
		if got := web.Size(n); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
	}
}
