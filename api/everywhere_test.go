package api_test

import (
	"html/template"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/ratelimit"
)

const nowhere = "01900000-0000-7000-8000-000000000000"

// address is the path of an operation with an id in it.
func address(c call, id string) string { return strings.Replace(c.path, "{id}", id, 1) }

func everyOperation(call) bool { return true }

// readsJSON tells the operations with a JSON body.
func readsJSON(c call) bool {
	return c.operation.RequestBody != nil && c.operation.RequestBody.Value.Content["application/json"] != nil
}

// TestEveryOperation holds what must hold everywhere.
func TestEveryOperation(t *testing.T) {
	h := open(t)
	visitor := h.Register(t, "visitor")
	forged := &gallerytest.Person{Access: "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}
	for _, id := range document.ids(everyOperation) {
		c := document.operations()[id]
		path := address(c, nowhere)
		t.Run(id, func(t *testing.T) {
			h := &house{h.Server, t}
			h.ask(forged, c.method, path, nil).want(401).has("WWW-Authenticate", `Bearer realm="gallery"`)
			h.ask(nil, c.method, path, nil, "Authorization: Basic bWU6bWU=").want(401)
			h.ask(nil, c.method, path, nil, "Authorization: Bearer x", "Cookie: gallery_session=y", "Origin: "+h.URL).want(401)
			// Two carriers are two wherever they come from, also when one of them
			// would not be believed, and on what is open to anybody.
			h.ask(visitor, c.method, path, nil, "Cookie: gallery_session=y").want(401)
			h.ask(nil, c.method, path, nil, "Cookie: gallery_session=y; gallery_session=z").want(401)
			h.ask(nil, c.method, path, nil, "Cookie: gallery_session=y; gallery_session=y", "Sec-Fetch-Site: cross-site").want(401)
			h.ask(nil, c.method, path, nil, "Origin: http://evil.example").want(403).has("Access-Control-Allow-Origin", "")
			h.ask(nil, c.method, path, nil, "Origin: null").want(403)
			h.ask(nil, c.method, path, nil, "Host: evil.example").want(421)
			slash := h.ask(nil, c.method, path+"/", nil)
			if plain := h.ask(nil, c.method, path, nil); slash.status != plain.status {
				t.Errorf("with a slash at the end: got %d, want %d as without", slash.status, plain.status)
			}
			refused := h.ask(nil, "PROPFIND", path, nil).want(405)
			allow := strings.Split(refused.header.Get("Allow"), ", ")
			if !slices.Contains(allow, c.method) || slices.Contains(allow, "GET") != slices.Contains(allow, "HEAD") {
				t.Errorf("got Allow %v, want %s in it, and HEAD where GET is", allow, c.method)
			}
			h.ask(nil, "OPTIONS", path, nil).want(204).has("Allow", refused.header.Get("Allow"))
			h.ask(nil, c.method, path, nil).has("X-Content-Type-Options", "nosniff").has("Vary", "Origin").has("Referrer-Policy", "no-referrer")
		})
	}
}

func TestEveryOperationIsLimited(t *testing.T) {
	h := open(t, func(c *node.Config) {
		c.Limits.RequestsByAddress = ratelimit.Rule{Burst: 1, Every: time.Hour}
	})
	h.ask(nil, "GET", root+"/artworks", nil)
	for _, id := range document.ids(everyOperation) {
		c := document.operations()[id]
		h.ask(nil, c.method, address(c, nowhere), nil).want(429)
	}
}

func TestUsersAreLimitedWhereverTheyComeFrom(t *testing.T) {
	h := open(t, func(c *node.Config) {
		c.TrustedProxies = []string{"127.0.0.1"}
		c.Limits.RequestsByUser = ratelimit.Rule{Burst: 2, Every: time.Hour}
	})
	visitor, other := h.Register(t, "visitor"), h.Register(t, "other")
	for i, want := range []int{200, 200, 429} {
		from := "X-Forwarded-For: 192.0.2." + string(rune('1'+i))
		h.ask(visitor, "GET", root+"/users/me", nil, from).want(want)
	}
	h.ask(other, "GET", root+"/users/me", nil).want(200)
	h.ask(nil, "GET", root+"/artworks", nil).want(200)
}

// TestEveryJSONBodyIsReadStrictly holds the rules for bodies on every operation
// that reads one.
func TestEveryJSONBodyIsReadStrictly(t *testing.T) {
	h := open(t)
	admin := h.admin("admin")
	artist := h.Artist(t, "artist")
	path := h.hang(artist, picture())
	id := path[strings.LastIndexByte(path, '/')+1:]
	for _, name := range document.ids(readsJSON) {
		c := document.operations()[name]
		who := artist
		if name == "broadcast" {
			who = admin
		}
		t.Run(name, func(t *testing.T) {
			h := &house{h.Server, t}
			send := func(body any, headers ...string) answer {
				return h.ask(who, c.method, address(c, id), body, headers...)
			}
			for what, body := range map[string]string{
				"nothing":              "",
				"half of it":           `{"a":`,
				"something behind":     `{} {}`,
				"text behind":          `{}x`,
				"no JSON":              `{a: 1}`,
				"a comma too many":     `{"a": 1,}`,
				"no UTF-8":             "{\"a\": \"\xff\"}",
				"half a surrogate":     `{"a": "\ud83d"}`,
				"the other half":       `{"a": "\udc4f"}`,
				"halves swapped":       `{"a": "\udc4f\ud83d"}`,
				"a half in a name":     `{"\ud83d": 1}`,
				"a half, then a text":  `{"a": "\ud83dx\udc4f"}`,
				"depth":                strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20),
				"lists that never end": strings.Repeat("[", 60000),
				"a byte order mark":    "\ufeff{}",
			} {
				if got := send(body); got.status != 400 {
					t.Errorf("%s: got %d, want 400: %s", what, got.status, got.body)
				}
			}
			for what, body := range map[string]string{"a list": "[1]", "text": `"x"`, "null": "null", "a number": "1"} {
				if got := send(body).want(422).places(); !slices.Equal(got, []string{"body"}) {
					t.Errorf("%s: got places %v, want the body", what, got)
				}
			}
			for _, field := range []string{"id", "is_revealed", "view_count", "is_admin", "artist", "no_such_field", "__proto__", "TITLE", "Content", "PASSWORD"} {
				got := send(object{field: true}).want(422).places()
				if !slices.Contains(got, field) {
					t.Errorf("%s: got places %v, want it among them", field, got)
				}
			}
			if got := send(`{"twice": 1, "twice": 1, "deep": {"er": 1, "er": 2}}`).want(422).places(); !slices.Equal(got, []string{"twice", "deep.er"}) {
				t.Errorf("names that come twice: got places %v", got)
			}
			for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx", "", "application/json, text/plain"} {
				if got := send(`{}`, "Content-Type: "+contentType); got.status != 415 {
					t.Errorf("as %q: got %d, want 415", contentType, got.status)
				}
			}
			if got := send(`{}`, "Content-Encoding: gzip"); got.status != 415 {
				t.Errorf("compressed: got %d, want 415", got.status)
			}
			if got := send(`{}`, "Content-Type: Application/JSON; charset=UTF-8"); got.status == 415 {
				t.Error("another spelling of the media type is refused, want it read")
			}
			large := `{"a": "` + strings.Repeat("a", 64<<10) + `"}`
			send(large).want(413)
			send(unsized{strings.NewReader(large)}).want(413)
		})
	}
}

// unsized hides its length, so that it is sent in chunks.
type unsized struct{ *strings.Reader }

func TestMalformedIDsNameNothing(t *testing.T) {
	h := open(t)
	admin := h.admin("admin")
	for _, bad := range []string{"1", "x", nowhere + "0", "{" + nowhere, "x" + nowhere + "x", "..%2f" + nowhere, nowhere + "%00", "%ff", "%20", "null"} {
		for _, id := range document.ids(func(c call) bool { return strings.Contains(c.path, "{id}") }) {
			c := document.operations()[id]
			if got := h.ask(admin, c.method, address(c, bad), nil); got.status != 404 {
				t.Errorf("%s %s: got %d, want 404: %s", c.method, address(c, bad), got.status, got.body)
			}
		}
	}
}

func TestEverySpellingOfAnIDIsRead(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	path := h.hang(artist, picture())
	id := path[strings.LastIndexByte(path, '/')+1:]
	for _, spelling := range []string{strings.ToUpper(id), strings.ReplaceAll(id, "-", ""), "urn:uuid:" + id, "{" + id + "}", "%7B" + id + "%7d"} {
		got := h.ask(nil, "GET", root+"/artworks/"+spelling, nil).want(200).object()
		if got["id"] != id {
			t.Errorf("%s: got %v, want %s", spelling, got["id"], id)
		}
		h.ask(nil, "GET", root+"/artworks/"+spelling+"/content", nil).want(403)
		h.ask(artist, "GET", root+"/artworks/"+spelling+"/content/", nil).want(200)
	}
}

func TestNothingStandsElsewhere(t *testing.T) {
	h := open(t)
	for _, path := range []string{root + "/", root, "/api/v2/artworks", root + "/artwork", root + "/artworks/" + nowhere + "/reveals", root + "/users", "/docs/x",
		root + "/artworks//" + nowhere, root + "/./artworks", root + "/x/../artworks", "/api//v1/artworks", root + "/artworks//", "/docs//"} {
		h.ask(nil, "GET", path, nil).want(404)
	}
}

func TestCORSForAllowedOrigins(t *testing.T) {
	const app = "https://app.example"
	h := open(t, func(c *node.Config) { c.AllowedOrigins = []string{app} })
	visitor := h.Register(t, "visitor")
	got := h.ask(visitor, "GET", root+"/users/me", nil, "Origin: "+app).want(200).has("Access-Control-Allow-Origin", app).has("Access-Control-Allow-Credentials", "")
	if !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("exposed: got %q, want Retry-After among them", got.header.Get("Access-Control-Expose-Headers"))
	}
	h.ask(nil, "GET", root+"/users/me", nil, "Origin: "+app).want(401).has("Access-Control-Allow-Origin", app)
	h.ask(nil, "OPTIONS", root+"/users/me", nil, "Origin: "+app, "Access-Control-Request-Method: PATCH", "Access-Control-Request-Headers: authorization").
		want(204).has("Access-Control-Allow-Origin", app)
	h.ask(nil, "OPTIONS", root+"/users/me", nil, "Origin: https://evil.example", "Access-Control-Request-Method: PATCH").
		want(403).has("Access-Control-Allow-Origin", "")
}

func TestSessionCookie(t *testing.T) {
	const app = "https://app.example"
	h := open(t, func(c *node.Config) {
		c.PublicURL = "http://" + c.Listen
		c.AllowedOrigins = []string{app}
	})
	h.Register(t, "visitor")
	browser, err := h.Node.Curator().SignIn(t.Context(), "visitor@example.com", gallerytest.Password, "")
	if err != nil {
		t.Fatal(err)
	}
	cookie := "Cookie: " + auth.SessionCookie + "=" + browser.Secret
	type exchange struct {
		name, method string
		headers      []string
		want         int
	}
	for _, test := range []exchange{
		{"our page writes", "PATCH", []string{"Origin: " + h.URL, "Sec-Fetch-Site: same-origin"}, 200},
		{"our page writes, old browser", "PATCH", []string{"Origin: " + h.URL}, 200},
		{"our page reads", "GET", []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"our page reads, over plain http", "GET", []string{"Referer: " + h.URL + "/artworks/1"}, 200},
		{"typed by hand", "GET", []string{"Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"}, 200},
		{"no browser reads", "GET", nil, 401},
		{"a link from elsewhere", "GET", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}, 401},
		{"an allowed page writes", "PATCH", []string{"Origin: " + app, "Sec-Fetch-Site: cross-site"}, 401},
		{"an allowed page of the same site writes", "PATCH", []string{"Origin: " + app, "Sec-Fetch-Site: same-site"}, 403},
		{"an allowed page writes, old browser", "PATCH", []string{"Origin: " + app}, 403},
		{"an allowed page reads", "GET", []string{"Origin: " + app, "Sec-Fetch-Site: cross-site"}, 401},
		{"a foreign page writes", "PATCH", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403},
		{"no browser writes", "PATCH", nil, 401},
		{"a foreign image", "GET", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"}, 401},
		{"a page that says it is ours, and the browser says it is not", "PATCH", []string{"Origin: " + h.URL, "Sec-Fetch-Site: cross-site"}, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &house{h.Server, t}
			var body any
			if test.method == "PATCH" {
				body = object{"bio": test.name}
			}
			h.ask(nil, test.method, root+"/users/me", body, append(test.headers, cookie)...).want(test.want)
		})
	}
	dead := h.ask(nil, "GET", root+"/artworks", nil, "Cookie: "+auth.SessionCookie+"=stale", "Sec-Fetch-Site: same-origin").want(401)
	if got := dead.header.Get("Set-Cookie"); !strings.HasPrefix(got, auth.SessionCookie+"=;") || !strings.Contains(got, "Max-Age=0") {
		t.Errorf("a dead cookie: got Set-Cookie %q, want it taken away", got)
	}
	h.ask(nil, "GET", root+"/artworks", nil, "Cookie: other=1").want(200)
}

func TestDocs(t *testing.T) {
	h := open(t)
	page := h.ask(nil, "GET", "/docs", nil).want(200).has("Content-Type", "text/html; charset=utf-8")
	policy := page.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("got policy %q, want nothing but the page's own style", policy)
	}
	text := string(page.body)
	for _, c := range document.operations() {
		if !strings.Contains(text, `id="`+c.operation.OperationID+`"`) || !strings.Contains(text, template.HTMLEscapeString(c.operation.Summary)) {
			t.Errorf("%s %s is not on the page", c.method, c.path)
		}
	}
	for _, forbidden := range []string{"<script", "ZgotmplZ", "<no value>", "$ref", "%!"} {
		if strings.Contains(text, forbidden) {
			t.Errorf("the page has %q in it", forbidden)
		}
	}
	for _, path := range []string{"/docs", root + "/openapi.json"} {
		etag := h.ask(nil, "GET", path, nil).want(200).header.Get("ETag")
		h.ask(nil, "GET", path, nil, "If-None-Match: "+etag).want(304)
		h.ask(nil, "HEAD", path, nil).want(200)
	}
	// Every kind of problem that an answer names is explained.
	var problem struct{ Type string }
	h.ask(nil, "GET", root+"/users/me", nil).want(401).decode(&problem)
	if anchor := strings.TrimPrefix(problem.Type, "/docs#"); !strings.Contains(text, `id="`+anchor+`"`) {
		t.Errorf("the page does not explain %s", problem.Type)
	}
	if diff := cmp.Diff(true, strings.HasPrefix(document.doc.OpenAPI, "3.1.")); diff != "" {
		t.Errorf("got OpenAPI %s, want 3.1", document.doc.OpenAPI)
	}
}
