package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

func TestComment(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	art := server.Artist(t, "mara").Hang(t, gallerytest.Work{Conditions: gallerytest.Comments(2)})
	server.Register(t, "ada")
	b := visit(t, server.House)
	path := "/artworks/" + art.ID
	anonymous := b.get(t, path)
	anonymous.has(t, "Nobody has said anything yet", `href="/sign-in?next=/artworks/`+art.ID)
	anonymous.hasNot(t, "<textarea")
	denied := b.post(t, path+"/comments", url.Values{"content": {"x"}})
	if denied.status != http.StatusUnauthorized || denied.header.Get("WWW-Authenticate") == "" {
		t.Errorf("not signed in: got status %d, want 401 and a challenge", denied.status)
	}
	denied.has(t, "/sign-in?next=")
	denied.hasNot(t, "%2fcomments")

	b.signIn(t, "ada")
	done := b.post(t, path+"/comments", url.Values{"content": {"  A <script> & two\nlines "}})
	location := done.header.Get("Location")
	if done.status != http.StatusSeeOther || !strings.HasPrefix(location, path+"#comment-") {
		t.Fatalf("got status %d to %q, want 303 to the comment", done.status, location)
	}
	p := b.get(t, path)
	p.has(t, `id="`+location[strings.Index(location, "#")+1:]+`"`, "A &lt;script&gt; &amp; two\nlines</p>", "1 of 2", "1 comment<")

	refused := b.post(t, path+"/comments", url.Values{"content": {strings.Repeat("ä", 2001)}})
	if refused.status != http.StatusUnprocessableEntity {
		t.Errorf("too long: got status %d, want 422", refused.status)
	}
	refused.has(t, "It must have at most 2000 characters.", strings.Repeat("ä", 2001)+"</textarea>", `aria-invalid="true"`)
	if p := b.post(t, path+"/comments", nil); p.status != http.StatusUnprocessableEntity {
		t.Errorf("empty: got status %d, want 422", p.status)
	}
	if p := b.post(t, path+"/comments", url.Values{"content": {strings.Repeat("x", 65<<10)}}); p.status != http.StatusRequestEntityTooLarge {
		t.Errorf("64 KiB: got status %d, want 413", p.status)
	}
	if p := b.post(t, "/artworks/nothing/comments", url.Values{"content": {"x"}}); p.status != http.StatusNotFound {
		t.Errorf("an unknown work: got status %d, want 404", p.status)
	}
	// The comment that fulfils the condition reveals in its own answer.
	b.post(t, path+"/comments", url.Values{"content": {"two"}})
	b.get(t, path).has(t, `data-revealed="true"`)
}

func TestComment_malformedForm(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	art := server.Artist(t, "mara").Hang(t, gallerytest.Work{})
	b := visit(t, server.House)
	b.signIn(t, "mara")
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {server.URL}}
	for body, want := range map[string]int{
		"content=%zz":   http.StatusBadRequest,
		"content=a;b=c": http.StatusBadRequest,
		"other=x":       http.StatusUnprocessableEntity,
		"content=%ff":   http.StatusUnprocessableEntity,
		"content=%00a":  http.StatusUnprocessableEntity,
	} {
		if p := b.send(t, "POST", "/artworks/"+art.ID+"/comments", header, strings.NewReader(body)); p.status != want {
			t.Errorf("%s: got status %d, want %d", body, p.status, want)
		}
	}
}

func TestComment_turnsPages(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	artist := server.Artist(t, "mara")
	art := artist.Hang(t, gallerytest.Work{})
	for i := range 55 {
		artist.Comment(t, art.ID, fmt.Sprintf("Word number %d.", i))
	}
	b := visit(t, server.House)
	first := b.get(t, "/artworks/"+art.ID)
	first.has(t, "Word number 54.", "Word number 5.")
	first.hasNot(t, "Word number 4.")
	_, rest, found := strings.Cut(first.body, `href="/artworks/`+art.ID+`?comments=`)
	cursor, _, _ := strings.Cut(rest, "#")
	if !found {
		t.Fatal("got no link to earlier comments")
	}
	b.get(t, "/artworks/"+art.ID+"?comments="+cursor).has(t, "Word number 4.", "Word number 0.")
}
