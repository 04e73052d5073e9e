package auth

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"invisibleart.example/gallery"
)

// CredentialKind tells where a credential was carried, and so what it is.
type CredentialKind string

// The kinds of credentials.
const (
	KindBearer  CredentialKind = "bearer"  // an access token in Authorization
	KindToken   CredentialKind = "token"   // an access token in ?token=, sockets only
	KindTicket  CredentialKind = "ticket"  // a ticket in ?ticket=, sockets only
	KindSession CredentialKind = "session" // a browser session in the cookie
)

// Credential is what a request shows as proof, unverified. The zero value
// means that it shows nothing. It never prints its value.
type Credential struct {
	Kind  CredentialKind
	Value string
}

// IsZero tells whether there is no credential at all. One with a kind and an
// empty value (?token=) is there, and wrong.
func (c Credential) IsZero() bool { return c == Credential{} }

// String names the kind only.
func (c Credential) String() string {
	if c.IsZero() {
		return "no credential"
	}
	return string(c.Kind) + " credential"
}

// Format prints String, whatever the verb: %#v and %x must not tell more.
func (c Credential) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

// LogValue logs String.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText encodes String, for JSON and its like.
func (c Credential) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// FromRequest finds the one credential of a request: a bearer token in the
// Authorization header, the session cookie, and for a socket also ?token= and
// ?ticket=, because a browser cannot give a WebSocket a header. Anywhere else
// the query is not looked at, so that no token gets used to stand in a log.
//
// It refuses with a *gallery.Error Unauthorized when there is more than one
// carrier or when one comes twice. Two credentials might name two people, and
// whichever the server picked, a proxy or a log in front of it might have
// picked the other one. Such a request is refused even where nobody needs to
// sign in. An Authorization header that holds anything but one bearer token is
// a credential without a value, which nobody honours. Whether a cookie may be
// believed for the request's Origin is for the caller to decide.
func FromRequest(r *http.Request, socket bool) (Credential, error) {
	var found []Credential
	for _, header := range r.Header.Values("Authorization") {
		// What is no bearer token counts as a bad one: a proxy's own password
		// in the header must not keep anybody from a socket that needs none.
		found = append(found, Credential{KindBearer, bearer(header)})
	}
	for _, cookie := range r.CookiesNamed(SessionCookie) {
		// An emptied cookie is one that was taken away, not one that is wrong.
		if cookie.Value != "" {
			found = append(found, Credential{KindSession, cookie.Value})
		}
	}
	if socket {
		// What of a query cannot be read is no credential; what can, counts.
		query, _ := url.ParseQuery(r.URL.RawQuery)
		for _, kind := range []CredentialKind{KindToken, KindTicket} {
			for _, value := range query[string(kind)] {
				found = append(found, Credential{kind, value})
			}
		}
	}
	switch len(found) {
	case 0:
		return Credential{}, nil
	case 1:
		return found[0], nil
	default:
		return Credential{}, gallery.Errorf(gallery.Unauthorized, "The request carries more than one credential.")
	}
}

// bearer reads "Bearer <token>" (RFC 6750 section 2.1): the scheme in any
// case, one or more spaces, and a token68. Anything else is "": a tab, a second
// word, or a comma, which would start another set of credentials.
func bearer(header string) (token string) {
	scheme, rest, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	token = strings.TrimLeft(rest, " ")
	body := strings.TrimRight(token, "=")
	if body == "" {
		return ""
	}
	for _, c := range []byte(body) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && !strings.ContainsRune("-._~+/", rune(c)) {
			return ""
		}
	}
	return token
}
