package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

func TestFromRequest(t *testing.T) {
	bearer := func(v ...string) http.Header { return http.Header{"Authorization": v} }
	cookie := func(v ...string) http.Header { return http.Header{"Cookie": v} }
	for _, test := range []struct {
		name   string
		target string
		header http.Header
		socket bool
		want   auth.Credential
		code   gallery.Code
	}{
		{"nothing", "/", nil, false, auth.Credential{}, ""},
		{"nothing on a socket", "/", nil, true, auth.Credential{}, ""},
		{"bearer", "/", bearer("Bearer a.b.c"), false, auth.Credential{Kind: auth.KindBearer, Value: "a.b.c"}, ""},
		{"bearer on a socket", "/", bearer("Bearer a.b.c"), true, auth.Credential{Kind: auth.KindBearer, Value: "a.b.c"}, ""},
		{"scheme in another case", "/", bearer("bEARER a.b.c"), false, auth.Credential{Kind: auth.KindBearer, Value: "a.b.c"}, ""},
		{"two spaces", "/", bearer("Bearer  a.b.c"), false, auth.Credential{Kind: auth.KindBearer, Value: "a.b.c"}, ""},
		{"cookie", "/", cookie("gallery_session=s"), false, auth.Credential{Kind: auth.KindSession, Value: "s"}, ""},
		{"cookie among others", "/", cookie("a=1; gallery_session=s; b=2"), true, auth.Credential{Kind: auth.KindSession, Value: "s"}, ""},
		{"emptied cookie", "/", cookie("gallery_session="), false, auth.Credential{}, ""},
		{"token", "/?token=a.b.c", nil, true, auth.Credential{Kind: auth.KindToken, Value: "a.b.c"}, ""},
		{"token and since", "/?since=3&token=a.b.c", nil, true, auth.Credential{Kind: auth.KindToken, Value: "a.b.c"}, ""},
		{"empty token", "/?token=", nil, true, auth.Credential{Kind: auth.KindToken}, ""},
		{"ticket", "/?ticket=x", nil, true, auth.Credential{Kind: auth.KindTicket, Value: "x"}, ""},
		{"token where the query is not read", "/?token=a.b.c", nil, false, auth.Credential{}, ""},
		{"ticket where the query is not read", "/?ticket=x&ticket=y", nil, false, auth.Credential{}, ""},

		{"token twice", "/?token=a.b.c&token=a.b.c", nil, true, auth.Credential{}, gallery.Unauthorized},
		{"ticket twice", "/?ticket=x&ticket=y", nil, true, auth.Credential{}, gallery.Unauthorized},
		{"token and ticket", "/?token=a.b.c&ticket=x", nil, true, auth.Credential{}, gallery.Unauthorized},
		{"token and bearer", "/?token=a.b.c", bearer("Bearer a.b.c"), true, auth.Credential{}, gallery.Unauthorized},
		{"token and cookie", "/?token=a.b.c", cookie("gallery_session=s"), true, auth.Credential{}, gallery.Unauthorized},
		{"bearer and cookie", "/", http.Header{"Authorization": {"Bearer a"}, "Cookie": {"gallery_session=s"}}, false, auth.Credential{}, gallery.Unauthorized},
		{"bearer twice", "/", bearer("Bearer a", "Bearer a"), false, auth.Credential{}, gallery.Unauthorized},
		{"cookie twice", "/", cookie("gallery_session=a; gallery_session=b"), false, auth.Credential{}, gallery.Unauthorized},
		{"cookie in two headers", "/", cookie("gallery_session=a", "gallery_session=b"), false, auth.Credential{}, gallery.Unauthorized},
		{"basic", "/", bearer("Basic YTpi"), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"no scheme", "/", bearer("a.b.c"), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"no token", "/", bearer("Bearer"), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"only spaces", "/", bearer("Bearer   "), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"only padding", "/", bearer("Bearer =="), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"empty header", "/", bearer(""), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"tab", "/", bearer("Bearer\ta.b.c"), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"two tokens", "/", bearer("Bearer a.b.c d.e.f"), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"list", "/", bearer("Bearer a.b.c, Basic YTpi"), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"parameters", "/", bearer(`Bearer token="a.b.c"`), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"not ASCII", "/", bearer("Bearer ä"), false, auth.Credential{Kind: auth.KindBearer}, ""},
		{"broken escape", "/?token=%zz", nil, true, auth.Credential{}, ""},
		{"broken beside a token", "/?token=a.b.c&utm=a;b", nil, true, auth.Credential{Kind: auth.KindToken, Value: "a.b.c"}, ""},
		{"semicolon", "/?a=1;token=x", nil, true, auth.Credential{}, ""},
		{"broken query that is not read", "/?token=%zz", nil, false, auth.Credential{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", test.target, nil)
			for name, values := range test.header {
				r.Header[name] = values
			}
			got, err := auth.FromRequest(r, test.socket)
			if code := gallery.CodeOf(err); code != test.code {
				t.Fatalf("got error %v, want code %q", err, test.code)
			}
			if got != test.want {
				t.Errorf("got %v with %q, want %v with %q", got, got.Value, test.want, test.want.Value)
			}
			if err != nil && (strings.Contains(err.Error(), "a.b.c") || strings.Contains(err.Error(), "zz")) {
				t.Errorf("the error %q holds a piece of the credential", err)
			}
		})
	}
}

// Nothing that holds a secret shows it, whoever prints it and however.
func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "s3cret-" + signingKey
	keys, err := auth.ParseKeys("id1:" + secret)
	if err != nil {
		t.Fatalf("ParseKeys: %v", err)
	}
	// An unexported field is where fmt asks nobody how to print it.
	type holder struct {
		keys auth.Keys
	}
	for name, v := range map[string]any{
		"credential":        auth.Credential{Kind: auth.KindBearer, Value: secret},
		"credential inside": struct{ C auth.Credential }{auth.Credential{Kind: auth.KindTicket, Value: secret}},
		"credential at":     &auth.Credential{Kind: auth.KindSession, Value: secret},
		"keys":              keys,
		"keys inside":       holder{keys},
		"keys at":           &holder{keys},
		"tokens":            auth.NewTokens(keys, 0, 0, time.Now),
		"tokens by value":   *auth.NewTokens(keys, 0, 0, time.Now),
	} {
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).Info("x", "value", v)
		}
		asJSON, _ := json.Marshal(v)
		shown := []string{log.String(), string(asJSON)}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			shown = append(shown, fmt.Sprintf(verb, v))
		}
		asHex, asDecimal := fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint([]byte(secret[:6])), "[]")
		for _, text := range shown {
			for _, spelling := range []string{"s3cret", asHex[:16], strings.ToUpper(asHex[:16]), asDecimal} {
				if strings.Contains(text, spelling) {
					t.Errorf("%s: got %q, want nothing of the secret", name, text)
				}
			}
		}
	}
}

func TestNewSecret(t *testing.T) {
	secret, hash := auth.NewSecret()
	other, _ := auth.NewSecret()
	if len(secret) != 43 || secret == other {
		t.Errorf("got %q and %q, want two different texts of 43 characters", secret, other)
	}
	if got := auth.HashSecret(secret); got != hash || len(hash) != 64 {
		t.Errorf("got hash %q, want %q of 64 hex digits", got, hash)
	}
	if auth.HashSecret(other) == hash {
		t.Error("two secrets have one hash")
	}
}

func TestCookies(t *testing.T) {
	for _, secure := range []bool{false, true} {
		got := auth.CookieFor("s", noon, secure).String()
		want := "gallery_session=s; Path=/; Expires=Sat, 21 Mar 2026 12:00:00 GMT; HttpOnly"
		if secure {
			want += "; Secure"
		}
		if want += "; SameSite=Lax"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := auth.ClearCookie(secure); got.MaxAge >= 0 || got.Value != "" || got.Secure != secure || got.Path != "/" {
			t.Errorf("got %s, want it emptied and expired", got)
		}
	}
}

func TestIdentity(t *testing.T) {
	if got := (auth.Identity{}).IsAnonymous(); !got {
		t.Error("the zero identity: got somebody, want anonymous")
	}
	if got := (auth.Identity{User: gallery.User{ID: "1"}}).IsAnonymous(); got {
		t.Error("an identity with a user: got anonymous, want somebody")
	}
}
