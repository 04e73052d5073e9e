package web_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
)

// files of the kinds that are shown differently, no more than their beginning.
func files(t *testing.T) map[string][]byte {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatalf("encode a picture: %v", err)
	}
	return map[string][]byte{
		"picture": picture.Bytes(),
		"video":   []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42"),
		"audio":   append([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), bytes.Repeat([]byte("\xff\xfb\x90\x00"+strings.Repeat("\x00", 413)), 3)...),
		"text":    []byte("Once <b>upon</b> a time & again."),
		"file":    []byte("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"),
	}
}

func TestArtwork_hiddenAndRevealed(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	artist := server.Artist(t, "mara")
	for kind, shown := range map[string]string{
		"picture": `<img src="/api/v1/artworks/%s/content" alt="A &lt;title&gt; &amp; more">`,
		"video":   `<video src="/api/v1/artworks/%s/content" controls`,
		"audio":   `<audio src="/api/v1/artworks/%s/content" controls`,
		"text":    "Once &lt;b&gt;upon&lt;/b&gt; a time &amp; again.",
		"file":    `href="/api/v1/artworks/%s/content" download>`,
	} {
		t.Run(kind, func(t *testing.T) {
			content := files(t)[kind]
			art := artist.Hang(t, gallerytest.Work{Title: "A <title> & more", Content: content, Conditions: gallerytest.Views(12)})
			b := visit(t, server.House)
			if strings.Contains(shown, "%s") {
				shown = fmt.Sprintf(shown, art.ID)
			}

			hidden := b.get(t, "/artworks/"+art.ID)
			hidden.has(t, `src="/veils/`+art.ID+`"`, "A &lt;title&gt; &amp; more", "mara", "12 visitors have looked", "0 of 12", `data-revealed="false"`)
			hidden.hasNot(t, "/content", "Salt<", fmt.Sprint(len(content), " bytes"), shown)
			wall := b.get(t, "/")
			wall.has(t, `src="/veils/`+art.ID+`"`, "0 of 12 visitors")
			wall.hasNot(t, art.ID+"/content")

			artist.Reveal(t, art.ID)
			revealed := b.get(t, "/artworks/"+art.ID)
			revealed.has(t, shown, `data-revealed="true"`, "<dt>Salt</dt>")
			revealed.hasNot(t, "/veils/")
			b.get(t, "/").hasNot(t, "/veils/"+art.ID)
		})
	}
}

func TestArtwork_conditionsInWords(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	artist := server.Artist(t, "mara")
	at := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Millisecond)
	art := artist.Hang(t, gallerytest.Work{When: "all", Conditions: "[" + strings.Join([]string{
		gallerytest.Views(1), gallerytest.Views(12_000), gallerytest.Comments(1), gallerytest.Comments(3), gallerytest.At(at),
		`{"condition_type":"interactive","condition_value":{"reaction_count":5}}`,
		`{"condition_type":"interactive","condition_value":{"concurrent_viewers":7}}`,
	}, ",") + "]"})
	b := visit(t, server.House)
	b.get(t, "/artworks/"+art.ID).has(t, "It reveals when all of this is true",
		"1 visitor has looked", "12\u202f000 visitors have looked", "1 comment stands", "3 comments stand",
		"5 people have reacted", "7 people are here at once",
		`<time datetime="`+at.Format("2006-01-02T15:04:05.000Z")+`">`+at.Format("2 January 2006, 15:04 UTC"),
		`<progress value="0" max="12000"`)
	b.get(t, "/").has(t, "0 of 1 visitor and 0 of 12\u202f000 visitors and")
}

func TestArtwork_whoIsHere(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	artist, ada := server.Artist(t, "mara"), server.Register(t, "ada")
	art := artist.Hang(t, gallerytest.Work{Conditions: gallerytest.Views(9)})
	b := visit(t, server.House)
	b.get(t, "/artworks/"+art.ID).hasNot(t, "here now")
	for _, who := range []*gallerytest.Person{artist, ada, ada, server.Anybody()} {
		who.Watch(t, art.ID).Next(t) // its first status: the socket is open
	}
	b.get(t, "/artworks/"+art.ID).has(t, "0 visitors · 0 comments · 3 here now")
}

func TestArtwork_viewsAreCounted(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	artist := server.Artist(t, "mara")
	server.Register(t, "ada")
	art := artist.Hang(t, gallerytest.Work{Conditions: gallerytest.Views(2)})
	path := "/artworks/" + art.ID
	views := func() int64 { return server.Anybody().Look(t, art.ID).ViewCount }

	visit(t, server.House).get(t, path)
	hers := visit(t, server.House)
	hers.signIn(t, "mara")
	hers.get(t, path)
	ada := visit(t, server.House)
	ada.signIn(t, "ada")
	if p := ada.send(t, "HEAD", path, nil, nil); p.status != http.StatusOK || p.body != "" || p.header.Get("Content-Length") == "" {
		t.Errorf("HEAD: got status %d, %d bytes, want 200 and the length of a page", p.status, len(p.body))
	}
	ada.send(t, "GET", path, http.Header{"Sec-Purpose": {"prefetch;prerender"}}, nil)
	ada.get(t, "/")
	if got := views(); got != 0 {
		t.Fatalf("after a stranger, the artist, HEAD, a prefetch and the wall: got %d views, want 0", got)
	}
	ada.get(t, path)
	ada.get(t, path)
	ada.get(t, path+"/")
	if got := views(); got != 1 {
		t.Errorf("after ada looked three times: got %d views, want 1", got)
	}
	server.Register(t, "bob")
	bob := visit(t, server.House)
	bob.signIn(t, "bob")
	// Whoever tips the scale sees it in the same answer.
	bob.get(t, path).has(t, `data-revealed="true"`)
}

func TestArtwork_artistMayLookBehindTheVeil(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	art := server.Artist(t, "mara").Hang(t, gallerytest.Work{})
	server.Register(t, "ada")
	for name, want := range map[string]bool{"mara": true, "ada": false} {
		b := visit(t, server.House)
		b.signIn(t, name)
		p := b.get(t, "/artworks/"+art.ID)
		if got := strings.Contains(p.body, "/content"); got != want {
			t.Errorf("%s: got a link to the content %v, want %v", name, got, want)
		}
		for how, header := range map[string]http.Header{
			"from the page":                  {"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}},
			"from the page, over plain http": {"Referer": {b.url + "/artworks/" + art.ID}},
		} {
			content := b.send(t, "GET", "/api/v1/artworks/"+art.ID+"/content", header, nil)
			if (content.status == http.StatusOK) != want {
				t.Errorf("%s, %s: got status %d, want it shown %v", name, how, content.status, want)
			}
		}
	}
}

func TestArtwork_longText(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	artist := server.Artist(t, "mara")
	// The limit falls into the middle of a character.
	text := "x" + strings.Repeat("ö", 60<<10)
	art := artist.Hang(t, gallerytest.Work{Content: []byte(text)})
	artist.Reveal(t, art.ID)
	p := visit(t, server.House).get(t, "/artworks/"+art.ID)
	p.has(t, "Read all of it", "x"+strings.Repeat("ö", 50<<10-1)+"<")
}

func TestArtwork_oddAddresses(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	art := server.Artist(t, "mara").Hang(t, gallerytest.Work{Title: "Found"})
	b := visit(t, server.House)
	for _, path := range []string{
		"/artworks/" + art.ID + "/", "/artworks/" + strings.ToUpper(art.ID), "/artworks/" + strings.ReplaceAll(art.ID, "-", ""),
	} {
		p := b.get(t, path)
		if p.status != http.StatusOK {
			t.Errorf("%s: got status %d, want 200", path, p.status)
		}
		p.has(t, "Found", `data-artwork="`+art.ID+`"`)
	}
	for path, want := range map[string]int{
		"/artworks/0195b7a4-0b7e-7c3e-9f5a-2f6d1c8a4e10": 404,
		"/artworks/nothing":                404,
		"/artworks/%00":                    404,
		"/artworks/..%2f..%2fetc%2fpasswd": 404,
		"/artworks":                        404,
		"/nowhere":                         404,
		"/assets/x/y":                      404,
		"/veils/x":                         404,
		"/?cursor=nonsense":                400,
		"/artworks/" + art.ID + "?comments=nonsense":      400,
		"/artworks/" + art.ID + "/comments":               303,
		"/artworks/0195b7a4-0b7e-7c3e-9f5a-2f6d1c8a4e10/": 404,
	} {
		if p := b.get(t, path); p.status != want {
			t.Errorf("%s: got status %d, want %d", path, p.status, want)
		} else if want >= 400 {
			p.has(t, "<h1>", `href="/"`)
		}
	}
	if p := b.send(t, "DELETE", "/artworks/"+art.ID, http.Header{"Origin": {server.URL}}, nil); p.status != 405 || p.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("DELETE: got status %d, Allow %q, want 405 and GET, HEAD", p.status, p.header.Get("Allow"))
	}
}

func TestStart_turnsPages(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	b := visit(t, server.House)
	b.get(t, "/").has(t, "Nothing hangs here yet")
	artist := server.Artist(t, "mara")
	for i := range 30 {
		artist.Hang(t, gallerytest.Work{Title: fmt.Sprintf("Work number %d.", i)})
	}
	first := b.get(t, "/")
	first.has(t, "Work number 29.", "Work number 6.", `class="opening"`)
	first.hasNot(t, "Work number 5.")
	_, rest, found := strings.Cut(first.body, `href="/?cursor=`)
	cursor, _, _ := strings.Cut(rest, `"`)
	if !found {
		t.Fatal("got no link to the next page")
	}
	second := b.get(t, "/?cursor="+cursor)
	second.has(t, "Work number 5.", "Work number 0.")
	second.hasNot(t, "Work number 6.", `class="opening"`, "?cursor=")
}

func TestPages_tooMany(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{Change: func(c *node.Config) {
		c.Limits.RequestsByAddress.Burst = 3
		c.Limits.RequestsByAddress.Every = time.Minute
	}})
	b := visit(t, server.House)
	for range 3 {
		if p := b.get(t, "/"); p.status != http.StatusOK {
			t.Fatalf("within the limit: got status %d, want 200", p.status)
		}
	}
	p := b.get(t, "/")
	if p.status != http.StatusTooManyRequests || p.header.Get("Retry-After") == "" {
		t.Errorf("over the limit: got status %d, Retry-After %q, want 429 and a time", p.status, p.header.Get("Retry-After"))
	}
	p.has(t, "too much at once")
	if p := b.get(t, "/veils/0195b7a4-0b7e-7c3e-9f5a-2f6d1c8a4e10"); p.status != http.StatusOK {
		t.Errorf("a veil: got status %d, want 200: they are not limited", p.status)
	}
}
