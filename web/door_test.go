package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/web"
)

func TestDoor(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	server.Register(t, "ada")
	b := visit(t, server.House)
	form := url.Values{"email": {"ada@example.com"}, "password": {"not this one"}, "next": {"/artworks/x?y=1"}}

	wrong := b.post(t, "/sign-in", form)
	if wrong.status != http.StatusUnauthorized {
		t.Errorf("a wrong password: got status %d, want 401", wrong.status)
	}
	wrong.has(t, "The e-mail address or the password is wrong.", `value="ada@example.com"`, `value="/artworks/x?y=1"`, `href="/sign-in`)
	wrong.hasNot(t, "not this one")
	form.Set("email", "nobody@example.com")
	if unknown := b.post(t, "/sign-in", form); unknown.status != wrong.status || !strings.Contains(unknown.body, "The e-mail address or the password is wrong.") {
		t.Errorf("an unknown address: got status %d, want the same answer", unknown.status)
	}

	form.Set("email", "ada@example.com")
	form.Set("password", gallerytest.Password)
	in := b.post(t, "/sign-in", form)
	if got := in.header.Get("Location"); in.status != http.StatusSeeOther || got != "/artworks/x?y=1" {
		t.Fatalf("sign in: got status %d to %q, want 303 to /artworks/x?y=1", in.status, got)
	}
	cookie := in.header.Get("Set-Cookie")
	for _, want := range []string{auth.SessionCookie + "=", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Expires="} {
		if !strings.Contains(cookie, want) {
			t.Errorf("got cookie %q, want it with %q", cookie, want)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("got cookie %q, want it without Secure: this gallery has no https", cookie)
	}
	b.get(t, "/").has(t, "ada", "Sign out")
	if p := b.get(t, "/sign-in?next=/artworks/z"); p.status != http.StatusSeeOther || p.header.Get("Location") != "/artworks/z" {
		t.Errorf("the door when signed in: got status %d to %q, want 303 to /artworks/z", p.status, p.header.Get("Location"))
	}

	secret, _, _ := strings.Cut(strings.TrimPrefix(cookie, auth.SessionCookie+"="), ";")
	out := b.post(t, "/sign-out", nil)
	if out.status != http.StatusSeeOther || !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("sign out: got status %d, cookie %q, want 303 and the cookie taken away", out.status, out.header.Get("Set-Cookie"))
	}
	// Whoever kept the cookie has nothing: an anonymous page, and the cookie
	// taken away again.
	kept := visit(t, server.House).send(t, "GET", "/", http.Header{"Cookie": {auth.SessionCookie + "=" + secret}}, nil)
	kept.has(t, "Sign in")
	if kept.status != http.StatusOK || !strings.Contains(kept.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("a cookie of an ended session: got status %d, cookie %q, want 200 and the cookie taken away", kept.status, kept.header.Get("Set-Cookie"))
	}
}

func TestDoor_signUp(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	b := visit(t, server.House)
	bad := b.post(t, "/sign-up", url.Values{"username": {"a b"}, "email": {"nowhere"}, "password": {"short"}, "is_artist": {"yes"}})
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("got status %d, want 422", bad.status)
	}
	bad.has(t, "It may hold only letters", "It must be an e-mail address", "It must have at least 8 characters", `value="a b"`, "checked")
	bad.hasNot(t, `value="short"`)

	good := url.Values{"username": {"mara"}, "email": {"mara@example.com"}, "password": {gallerytest.Password}, "is_artist": {"yes"}}
	if p := b.post(t, "/sign-up", good); p.status != http.StatusSeeOther {
		t.Fatalf("sign up: got status %d, want 303:\n%s", p.status, p.body)
	}
	b.get(t, "/").has(t, "mara")
	// An artist is who may hang works.
	server.Login(t, "mara").Hang(t, gallerytest.Work{})
	taken := visit(t, server.House).post(t, "/sign-up", good)
	if taken.status != http.StatusConflict {
		t.Errorf("the same again: got status %d, want 409", taken.status)
	}
	taken.has(t, `class="problem"`)
}

func TestDoor_overHTTPS(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{Change: func(c *node.Config) { c.PublicURL = "https://gallery.example" }})
	server.Register(t, "ada")
	b := visit(t, server.House)
	p := b.send(t, "POST", "/sign-in", http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://gallery.example"},
	}, strings.NewReader(url.Values{"email": {"ada@example.com"}, "password": {gallerytest.Password}}.Encode()))
	if cookie := p.header.Get("Set-Cookie"); p.status != http.StatusSeeOther || !strings.Contains(cookie, "; Secure") {
		t.Errorf("got status %d, cookie %q, want 303 and Secure", p.status, cookie)
	}
}

// What another site has a browser send does nothing, signed in or not.
func TestDoor_otherSites(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	server.Register(t, "ada")
	art := server.Artist(t, "mara").Hang(t, gallerytest.Work{})
	b := visit(t, server.House)
	b.signIn(t, "ada")
	for name, header := range map[string]http.Header{
		"another origin":         {"Origin": {"https://evil.example"}},
		"origin null":            {"Origin": {"null"}},
		"cross-site":             {"Sec-Fetch-Site": {"cross-site"}},
		"same-site":              {"Sec-Fetch-Site": {"same-site"}},
		"own origin, cross-site": {"Origin": {server.URL}, "Sec-Fetch-Site": {"cross-site"}},
		"another port":           {"Origin": {"http://127.0.0.1:1"}},
	} {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, path := range []string{"/artworks/" + art.ID + "/comments", "/sign-out", "/sign-in"} {
			if p := b.send(t, "POST", path, header, strings.NewReader("content=x")); p.status != http.StatusForbidden {
				t.Errorf("%s, %s: got status %d, want 403", name, path, p.status)
			}
		}
	}
	// A client that is no browser has no business with a browser's cookie.
	bare := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if p := b.send(t, "POST", "/artworks/"+art.ID+"/comments", bare, strings.NewReader("content=x")); p.status != http.StatusUnauthorized {
		t.Errorf("no origin at all: got status %d, want 401", p.status)
	}
	if got := server.Anybody().Look(t, art.ID).CommentCount; got != 0 {
		t.Errorf("got %d comments, want 0", got)
	}
	b.get(t, "/").has(t, "ada")
}

// Pages are there to be come to, so they know their visitor however they came;
// over plain http no browser says how.
func TestDoor_waysIn(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{})
	server.Register(t, "ada")
	b := visit(t, server.House)
	b.signIn(t, "ada")
	for name, header := range map[string]http.Header{
		"over plain http":       nil,
		"a link on our page":    {"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}},
		"a script on our page":  {"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"cors"}},
		"by hand":               {"Sec-Fetch-Site": {"none"}, "Sec-Fetch-Mode": {"navigate"}},
		"a link from elsewhere": {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}},
	} {
		if p := b.send(t, "GET", "/", header, nil); !strings.Contains(p.body, "Sign out") {
			t.Errorf("%s: got a stranger's page, want ada's", name)
		}
	}
	b.send(t, "GET", "/", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"no-cors"}}, nil).has(t, "Sign in")
	// Two cookies might be two people's, whether they are believed or not.
	two := http.Header{"Cookie": {auth.SessionCookie + "=y; " + auth.SessionCookie + "=z"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	for _, method := range []string{"GET", "POST"} {
		if p := visit(t, server.House).send(t, method, "/sign-in", two, strings.NewReader("")); p.status != http.StatusUnauthorized {
			t.Errorf("%s with two cookies: got status %d, want 401", method, p.status)
		}
	}
}

func TestDoor_registrationsAreLimited(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{Change: func(c *node.Config) {
		c.Limits.RegistrationsByAddress.Burst = 1
		c.Limits.RegistrationsByAddress.Every = time.Minute
	}})
	b := visit(t, server.House)
	b.post(t, "/sign-up", url.Values{"username": {"a b"}})
	p := b.post(t, "/sign-up", url.Values{"username": {"ada"}, "email": {"ada@example.com"}, "password": {gallerytest.Password}})
	if p.status != http.StatusTooManyRequests {
		t.Errorf("got status %d, want 429", p.status)
	}
	p.has(t, "too much at once", `value="ada"`)
}

// Sign-ins count together with the API's logins.
func TestDoor_signInsAreLimited(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{Change: func(c *node.Config) {
		c.Limits.LoginsByAccount.Burst = 2
		c.Limits.LoginsByAccount.Every = time.Hour
	}})
	server.Register(t, "ada")
	server.Login(t, "ada")
	visit(t, server.House).signIn(t, "ada")
	p := visit(t, server.House).post(t, "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {gallerytest.Password}})
	if p.status != http.StatusTooManyRequests {
		t.Errorf("got status %d, want 429", p.status)
	}
	p.has(t, "too much at once", `value="ada@example.com"`)
}

// Every spelling of an e-mail address is the same one, here and in the API.
func TestDoor_registrationsOfOneAddressAreLimited(t *testing.T) {
	server := gallerytest.Start(t, gallerytest.Options{Change: func(c *node.Config) {
		c.Limits.RegistrationsByAccount.Burst = 2
		c.Limits.RegistrationsByAccount.Every = time.Hour
	}})
	b := visit(t, server.House)
	for i, email := range []string{"ada@example.com", " ADA@example.com ", "ａｄａ@example.com", "ada＠EXAMPLE.com"} {
		want := http.StatusUnprocessableEntity
		if i >= 2 {
			want = http.StatusTooManyRequests
		}
		if p := b.post(t, "/sign-up", url.Values{"username": {"a b"}, "email": {email}, "password": {gallerytest.Password}}); p.status != want {
			t.Errorf("%q: got status %d, want %d", email, p.status, want)
		}
	}
	body := strings.NewReader(`{"username": "ada", "email": "ａda@example.com", "password": "open the gallery"}`)
	if p := b.send(t, "POST", "/api/v1/auth/register", http.Header{"Content-Type": {"application/json"}}, body); p.status != http.StatusTooManyRequests {
		t.Errorf("in the API: got status %d, want 429", p.status)
	}
}

func TestLocalPath(t *testing.T) {
	for next, want := range map[string]string{
		"":                        "/",
		"/":                       "/",
		"/artworks/x?a=b":         "/artworks/x?a=b",
		"/artworks/x#frag":        "/artworks/x",
		"artworks/x":              "/",
		"//evil.example":          "/",
		"///evil.example":         "/",
		`/\evil.example`:          "/",
		`\\evil.example`:          "/",
		"/%5cevil.example":        "/%5Cevil.example",
		"/%2fevil.example":        "/",
		"/\tevil":                 "/",
		"/\r\nSet-Cookie: x=y":    "/",
		"https://evil.example/":   "/",
		"https:/evil.example":     "/",
		"javascript:alert(1)":     "/",
		"mailto:x@evil.example":   "/",
		"//user@evil.example/":    "/",
		"/../x":                   "/../x",
		"/%zz":                    "/",
		"http://127.0.0.1:8080/x": "/",
	} {
		if got := web.LocalPath(next); got != want {
			t.Errorf("%q: got %q, want %q", next, got, want)
		}
	}
}
