package origin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"invisibleart.example/gallery/origin"
)

func policy(t *testing.T, public string, allowed []string, listen string) *origin.Policy {
	t.Helper()
	p, err := origin.New(public, allowed, listen)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOrigins(t *testing.T) {
	local := policy(t, "", nil, "127.0.0.1:8080")
	public := policy(t, "https://Gallery.Example/", nil, "0.0.0.0:8080")
	both := policy(t, "https://gallery.example", []string{"https://app.example", "http://localhost:3000/"}, ":8080")
	listed := policy(t, "", []string{"http://localhost:8080", "https://app.example"}, ":8080")
	six := policy(t, "http://[2001:DB8:0::1]:9000", nil, "[::]:8080")
	for _, test := range []struct {
		name    string
		p       *origin.Policy
		origin  string
		allowed bool
		own     bool
	}{
		{"no browser", local, "", true, false},
		{"localhost", local, "http://localhost:8080", true, true},
		{"127.0.0.1", local, "http://127.0.0.1:8080", true, true},
		{"all of 127/8", local, "http://127.9.8.7:8080", true, true},
		{"::1", local, "http://[::1]:8080", true, true},
		{"::1 at length", local, "http://[0:0:0:0:0:0:0:1]:8080", true, true},
		{"case", local, "HTTP://LocalHost:8080", true, true},
		{"a trailing dot", local, "http://localhost.:8080", true, true},
		{"another port", local, "http://localhost:8081", false, false},
		{"no port", local, "http://localhost", false, false},
		{"another scheme", local, "https://localhost:8080", false, false},
		{"null", local, "null", false, false},
		{"another host", local, "http://evil.example:8080", false, false},
		{"a lookalike", local, "http://localhost.evil.example:8080", false, false},
		{"user information", local, "http://localhost:8080@evil.example", false, false},
		{"our host as user information", local, "http://evil.example@localhost:8080", false, false},
		{"a path", local, "http://localhost:8080/", false, false},
		{"a query", local, "http://localhost:8080?x", false, false},
		{"an empty query", local, "http://localhost:8080?", false, false},
		{"a fragment", local, "http://localhost:8080#", false, false},
		{"a backslash", local, `http://localhost:8080\.evil.example`, false, false},
		{"two origins", local, "http://localhost:8080 http://localhost:8080", false, false},
		{"IPv4 in IPv6 clothes", local, "http://[::ffff:127.0.0.1]:8080", false, false},
		{"a zone", local, "http://[::1%25lo]:8080", false, false},
		{"short IPv4", local, "http://127.1:8080", false, false},
		{"no scheme", local, "localhost:8080", false, false},
		{"ws", local, "ws://localhost:8080", false, false},
		{"an empty port", local, "http://localhost:", false, false},
		{"a port that begins with 0", local, "http://localhost:08080", false, false},
		{"a space", local, " http://localhost:8080", false, false},
		{"the kelvin sign", local, "http://localhost\u212a:8080", false, false},

		{"the public URL", public, "https://gallery.example", true, true},
		{"its default port", public, "https://gallery.example:443", true, true},
		{"its trailing dot", public, "https://gallery.example.", true, true},
		{"its name over http", public, "http://gallery.example", false, false},
		{"a name below it", public, "https://x.gallery.example", false, false},
		{"loopback beside a public URL", public, "http://localhost:8080", false, false},

		{"the public URL beside others", both, "https://gallery.example", true, true},
		{"an allowed origin is our own", both, "https://app.example", true, true},
		{"and an allowed loopback", both, "http://localhost:3000", true, true},
		{"an allowed host by another scheme", both, "http://app.example", false, false},

		{"loopback listed", listed, "http://localhost:8080", true, true},
		{"loopback not listed", listed, "http://127.0.0.1:8080", false, false},
		{"listed besides", listed, "https://app.example", true, true},

		{"IPv6 in another spelling", six, "http://[2001:db8::1]:9000", true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.p.OriginAllowed(test.origin); got != test.allowed {
				t.Errorf("OriginAllowed(%q): got %v, want %v", test.origin, got, test.allowed)
			}
			if got := test.p.Own(test.origin); got != test.own {
				t.Errorf("Own(%q): got %v, want %v", test.origin, got, test.own)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	local := policy(t, "", nil, "127.0.0.1:8080")
	eighty := policy(t, "", nil, ":80")
	public := policy(t, "https://gallery.example", []string{"https://app.example:8443"}, ":8080")
	six := policy(t, "http://[2001:db8::1]", nil, ":8080")
	for _, test := range []struct {
		name string
		p    *origin.Policy
		host string
		want bool
	}{
		{"localhost", local, "localhost:8080", true},
		{"127/8", local, "127.0.0.2:8080", true},
		{"::1", local, "[::1]:8080", true},
		{"case and dot", local, "LOCALHOST.:8080", true},
		{"a proxy strips the port", local, "localhost", true},
		{"another port", local, "localhost:9090", false},
		{"a rebound name", local, "evil.example:8080", false},
		{"a rebound name without port", local, "evil.example", false},
		{"none", local, "", false},
		{"user information", local, "localhost@evil.example:8080", false},
		{"user information before ours", local, "x@localhost:8080", false},
		{"only a port", local, ":8080", false},
		{"an open bracket", local, "[::1:8080", false},
		{"no brackets", local, "::1", false},
		{"the default port", eighty, "localhost:80", true},
		{"the public name", public, "gallery.example", true},
		{"its port", public, "gallery.example:443", true},
		{"another scheme's port", public, "gallery.example:80", false},
		{"an allowed origin's name", public, "app.example:8443", true},
		{"an allowed origin's name, other port", public, "app.example:443", false},
		{"loopback behind a proxy", public, "127.0.0.1:8080", true},
		{"an address nobody named", public, "192.0.2.1:8080", false},
		{"IPv6 in another spelling", six, "[2001:DB8:0:0::1]", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.p.HostAllowed(test.host); got != test.want {
				t.Errorf("HostAllowed(%q): got %v, want %v", test.host, got, test.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct {
		name, public string
		allowed      []string
		listen       string
	}{
		{"a public URL with a path", "https://gallery.example/art", nil, ":8080"},
		{"a public URL without scheme", "gallery.example", nil, ":8080"},
		{"user information", "https://me@gallery.example", nil, ":8080"},
		{"ftp", "ftp://gallery.example", nil, ":8080"},
		{"a name that is not in plain letters", "https://galería.example", nil, ":8080"},
		{"everybody", "", []string{"*"}, ":8080"},
		{"null", "", []string{"null"}, ":8080"},
		{"nothing", "", []string{""}, ":8080"},
		{"a wildcard", "", []string{"https://*.example"}, ":8080"},
		{"no port", "", nil, "127.0.0.1"},
		{"a port to be chosen", "", nil, "127.0.0.1:0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := origin.New(test.public, test.allowed, test.listen); err == nil {
				t.Error("it is accepted, want an error")
			}
		})
	}
}

func TestPublic(t *testing.T) {
	for public, want := range map[string]string{
		"": "", "https://Gallery.example:443/": "https://gallery.example", "http://[2001:DB8::1]:8080": "http://[2001:db8::1]:8080",
	} {
		p := policy(t, public, nil, ":8080")
		if got := p.Public(); got != want {
			t.Errorf("%q: got %q, want %q", public, got, want)
		}
		if got, want := p.Secure(), strings.HasPrefix(public, "https:"); got != want {
			t.Errorf("%q: got secure %v, want %v", public, got, want)
		}
	}
}

func answer(w http.ResponseWriter, r *http.Request, status int, detail string) {
	http.Error(w, detail, status)
}

func TestGuard(t *testing.T) {
	p := policy(t, "", nil, "127.0.0.1:8080")
	guarded := p.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}), answer)
	for _, test := range []struct {
		name, host, path string
		origins          []string
		want             int
	}{
		{"ours", "localhost:8080", "/", []string{"http://localhost:8080"}, 200},
		{"no origin", "localhost:8080", "/", nil, 200},
		{"a foreign host", "evil.example", "/", nil, 421},
		{"a foreign host that is its own origin", "evil.example:8080", "/", []string{"http://evil.example:8080"}, 421},
		{"a foreign origin", "localhost:8080", "/", []string{"http://evil.example"}, 403},
		{"an empty origin", "localhost:8080", "/", []string{""}, 403},
		{"two origins", "localhost:8080", "/", []string{"http://localhost:8080", "http://evil.example"}, 403},
		{"a probe by address", "10.0.0.7:8080", "/healthz", nil, 200},
		{"the other probe", "10.0.0.7:8080", "/readyz", nil, 200},
		{"not quite a probe", "10.0.0.7:8080", "/healthz/x", nil, 421},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", test.path, nil)
			r.Host = test.host
			for _, o := range test.origins {
				r.Header.Add("Origin", o)
			}
			w := httptest.NewRecorder()
			guarded.ServeHTTP(w, r)
			if w.Code != test.want {
				t.Errorf("got %d, want %d", w.Code, test.want)
			}
		})
	}
}

func TestCookieAllowed(t *testing.T) {
	p := policy(t, "https://gallery.example", []string{"https://app.example"}, ":8080")
	const own, app = "https://gallery.example", "https://app.example"
	for _, test := range []struct {
		name, method, origin, site, mode, referer string
		want, wantOnPage                          bool
	}{
		{"our own page", "POST", own, "same-origin", "cors", "", true, true},
		{"our own page, old browser", "POST", own, "", "", "", true, true},
		{"an allowed origin", "POST", app, "cross-site", "cors", "", false, false},
		{"an allowed origin reads", "GET", app, "cross-site", "cors", "", false, false},
		{"no browser writes", "POST", "", "", "", "", false, false},
		{"no browser deletes", "DELETE", "", "", "", "", false, false},
		{"a write without an origin", "POST", "", "same-origin", "cors", own + "/", false, false},
		{"our page reads", "GET", "", "same-origin", "cors", "", true, true},
		{"our page asks for the head", "HEAD", "", "same-origin", "cors", "", true, true},
		{"our page reads, over plain http", "GET", "", "", "", own + "/artworks/1?x=y", true, true},
		{"another's page reads, over plain http", "GET", "", "", "", "https://evil.example/" + own, false, true},
		{"a page with our name for a user reads", "GET", "", "", "", "https://gallery.example@evil.example/", false, true},
		{"a page of ours, to its user", "GET", "", "", "", "https://me@gallery.example/", false, true},
		{"a referrer that is none", "GET", "", "", "", "about:client", false, true},
		{"a referrer of ours, and the browser says otherwise", "GET", "", "cross-site", "no-cors", own + "/", false, false},
		{"no browser reads", "GET", "", "", "", "", false, true},
		{"typed by hand", "GET", "", "none", "navigate", "", true, true},
		{"a link from elsewhere", "GET", "", "cross-site", "navigate", "", false, true},
		{"a link from a sibling", "GET", "", "same-site", "navigate", "", false, true},
		{"an image elsewhere", "GET", "", "cross-site", "no-cors", "", false, false},
		{"an image on a sibling", "GET", "", "same-site", "no-cors", "", false, false},
		{"a claim to be ours", "POST", own, "cross-site", "cors", "", false, false},
		{"null", "GET", "null", "cross-site", "cors", "", false, false},
		{"null, going somewhere", "GET", "null", "cross-site", "navigate", "", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, "/", nil)
			for name, value := range map[string]string{
				"Origin": test.origin, "Sec-Fetch-Site": test.site, "Sec-Fetch-Mode": test.mode, "Referer": test.referer,
			} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			if got := p.CookieAllowed(r); got != test.want {
				t.Errorf("in the API: got %v, want %v", got, test.want)
			}
			if got := p.CookieAllowedOnPage(r); got != test.wantOnPage {
				t.Errorf("on a page: got %v, want %v", got, test.wantOnPage)
			}
		})
	}
}

func TestCORS(t *testing.T) {
	p := policy(t, "https://gallery.example", []string{"https://app.example"}, ":8080")
	reached := false
	handler := p.CORS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached = true }))
	for _, test := range []struct {
		name, method, origin, preflight string
		wantOrigin                      string
		wantReached                     bool
	}{
		{"an allowed origin", "GET", "https://app.example", "", "https://app.example", true},
		{"a foreign origin", "GET", "https://evil.example", "", "", true},
		{"no origin", "GET", "", "", "", true},
		{"a preflight", "OPTIONS", "https://app.example", "PATCH", "https://app.example", false},
		{"a foreign preflight", "OPTIONS", "https://evil.example", "PATCH", "", true},
		{"OPTIONS for its own sake", "OPTIONS", "https://app.example", "", "https://app.example", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			reached = false
			r := httptest.NewRequest(test.method, "/api/v1/artworks", nil)
			if test.origin != "" {
				r.Header.Set("Origin", test.origin)
			}
			if test.preflight != "" {
				r.Header.Set("Access-Control-Request-Method", test.preflight)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			h := w.Header()
			if got := h.Get("Access-Control-Allow-Origin"); got != test.wantOrigin {
				t.Errorf("got Access-Control-Allow-Origin %q, want %q", got, test.wantOrigin)
			}
			if reached != test.wantReached {
				t.Errorf("reached the handler: got %v, want %v", reached, test.wantReached)
			}
			if got := h.Get("Access-Control-Allow-Credentials"); got != "" {
				t.Errorf("got credentials %q, want none ever", got)
			}
			if !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
				t.Errorf("got Vary %q, want Origin in it", h.Values("Vary"))
			}
			if !test.wantReached && (w.Code != 204 || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "PATCH")) {
				t.Errorf("got %d %v, want 204 with methods and headers", w.Code, h)
			}
			if test.wantOrigin != "" && !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Retry-After") {
				t.Errorf("got exposed %q, want Retry-After in it", h.Get("Access-Control-Expose-Headers"))
			}
		})
	}
}

// FuzzOrigin holds that nothing which passes for ours has anything in it that
// could belong to somebody else.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"http://localhost:8080", "http://localhost:8080@evil.example", "null", "http://[::1]:8080", "http://127.0.0.1.:8080", "\x00"} {
		f.Add(seed)
	}
	p, err := origin.New("", nil, ":8080")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p.HostAllowed(text)
		if text != "" && p.OriginAllowed(text) {
			low := strings.ToLower(text)
			if !strings.HasPrefix(low, "http://") || !strings.HasSuffix(low, ":8080") || strings.ContainsAny(low, "@/\\?# ") && strings.Count(low, "/") != 2 {
				t.Errorf("%q passes for a loopback origin", text)
			}
		}
	})
}
