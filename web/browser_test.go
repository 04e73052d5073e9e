package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

// browser does what a browser does: keeps cookies, follows no redirect by
// itself so that tests see them, and names its origin when it sends a form.
type browser struct {
	url    string
	client *http.Client
}

func visit(t *testing.T, house gallerytest.House) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("make a cookie jar: %v", err)
	}
	return &browser{url: house.URL, client: &http.Client{
		Jar: jar, Transport: house.Client.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer, read to its end.
type page struct {
	status int
	header http.Header
	body   string
}

func (b *browser) send(t *testing.T, method, path string, header http.Header, body io.Reader) page {
	t.Helper()
	r, err := http.NewRequest(method, b.url+path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: read: %v", method, path, err)
	}
	return page{response.StatusCode, response.Header, string(text)}
}

func (b *browser) get(t *testing.T, path string) page {
	t.Helper()
	return b.send(t, "GET", path, nil, nil)
}

func (b *browser) post(t *testing.T, path string, form url.Values) page {
	t.Helper()
	return b.send(t, "POST", path, http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"},
		"Origin":       {b.url}, "Sec-Fetch-Site": {"same-origin"},
	}, strings.NewReader(form.Encode()))
}

// signIn signs a registered person in.
func (b *browser) signIn(t *testing.T, name string) {
	t.Helper()
	p := b.post(t, "/sign-in", url.Values{"email": {name + "@example.com"}, "password": {gallerytest.Password}})
	if p.status != http.StatusSeeOther {
		t.Fatalf("sign in as %s: got status %d, want 303:\n%s", name, p.status, p.body)
	}
}

// has and hasNot look for pieces of a page.
func (p page) has(t *testing.T, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if !strings.Contains(p.body, piece) {
			t.Errorf("got a page without %q:\n%s", piece, p.body)
		}
	}
}

func (p page) hasNot(t *testing.T, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if strings.Contains(p.body, piece) {
			t.Errorf("got a page with %q, want it without:\n%s", piece, p.body)
		}
	}
}
