package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// Whatever is accepted was signed by us, in the one spelling there is.
func FuzzVerifyAccess(f *testing.F) {
	good := sign(signingKey, simpleHeader, simplePayload)
	f.Add(good)
	f.Add(nonCanonical(good))
	f.Add(good[:len(good)-1])
	f.Add("..")
	f.Add(sign(signingKey, `{"alg":"none"}`, simplePayload))
	f.Add(sign(signingKey, simpleHeader, `{"exp":1e400}`))
	verifier := tokens(f, signingKey, atNoon)
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := verifier.VerifyAccess(token)
		if err != nil {
			if gallery.CodeOf(err) != gallery.Unauthorized {
				t.Fatalf("got %v, want Unauthorized", err)
			}
			return
		}
		parts := strings.Split(token, ".")
		if want := sign(signingKey, decode(t, parts[0]), decode(t, parts[1])); token != want {
			t.Fatalf("accepted %q, want only %q", token, want)
		}
		if claims.UserID == "" || claims.TokenID == "" || !claims.ExpiresAt.After(noon) {
			t.Fatalf("accepted with claims %+v", claims)
		}
	})
}

// FuzzClaims gets past the signature: any payload, rightly signed, is either
// refused or read as what it says.
func FuzzClaims(f *testing.F) {
	f.Add(simplePayload)
	f.Add(payload("user_id", `"user_id":7`))
	f.Add(payload("exp", `"exp":1e400`))
	f.Add(`{"exp":1774094700,"exp":1}`)
	f.Add(`null`)
	verifier := tokens(f, signingKey, atNoon)
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := verifier.VerifyAccess(sign(signingKey, simpleHeader, text))
		if err != nil {
			return
		}
		if !strings.Contains(text, claims.UserID) && !strings.Contains(text, `\`) && !strings.Contains(text, "\ufffd") {
			t.Fatalf("payload %q: got user %q, who is not in it", text, claims.UserID)
		}
		if claims.UserID == "" || claims.TokenID == "" || !claims.ExpiresAt.After(noon) || claims.IssuedAt.After(noon.Add(30e9)) {
			t.Fatalf("payload %q: accepted with claims %+v", text, claims)
		}
	})
}

// No stored text makes Verify panic, hang or take more memory than its limit.
func FuzzVerifyPassword(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password")
	f.Add("pbkdf2_sha256$1$seasalt$okRrg2MkEafio/giq1lR0eGTIdZxMoFfwceFpmpzO5g=", "password")
	f.Add("!", "password")
	f.Add("$argon2id$v=19$m=64,t=1,p=536870913$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "")
	p := auth.NewPasswords(cheap)
	f.Fuzz(func(t *testing.T, encoded, password string) {
		if ok, rehash, err := p.Verify(t.Context(), encoded, password); err != nil && (ok || rehash) {
			t.Fatalf("got ok %v, rehash %v beside the error %v", ok, rehash, err)
		}
	})
}

// A request has one credential, none, or an error, whatever it carries.
func FuzzFromRequest(f *testing.F) {
	f.Add("Bearer a.b.c", "gallery_session=s", "token=x", true)
	f.Add("", "gallery_session=s; gallery_session=t", "", false)
	f.Add("", "", "ticket=x&token=y", true)
	f.Add("Basic YTpi", "", "%zz", true)
	f.Fuzz(func(t *testing.T, header, cookie, query string, socket bool) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		c, err := auth.FromRequest(r, socket)
		switch {
		case err != nil:
			if code := gallery.CodeOf(err); code != gallery.Unauthorized && code != gallery.Malformed {
				t.Fatalf("got %v, want Unauthorized or Malformed", err)
			}
			if !c.IsZero() {
				t.Fatalf("got %v beside the error %v", c, err)
			}
		case c.IsZero() && header != "":
			t.Fatalf("an Authorization header of %q counted as none", header)
		case c.Kind == auth.KindBearer && !strings.HasSuffix(strings.TrimSpace(header), c.Value):
			t.Fatalf("got a token that is not the end of %q", header)
		case !socket && (c.Kind == auth.KindToken || c.Kind == auth.KindTicket):
			t.Fatalf("got a %v from the query outside a socket", c)
		}
	})
}
