package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

func TestTokens_issuedAreReadBack(t *testing.T) {
	issuer := tokens(t, signingKey, atNoon)
	access, err := issuer.Access("user-1", "family-1")
	if err != nil {
		t.Fatalf("Access: %v", err)
	}
	claims, err := issuer.VerifyAccess(access)
	if err != nil {
		t.Fatalf("VerifyAccess: %v", err)
	}
	want := auth.Claims{
		UserID: "user-1", SessionID: "family-1", TokenID: claims.TokenID,
		IssuedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	if claims != want {
		t.Errorf("got %+v, want %+v", claims, want)
	}
	refresh, expires, err := issuer.Refresh("user-1", "family-1", "jti-1")
	if err != nil {
		t.Fatalf("Refresh: %v", err)
	}
	if want := noon.Add(7 * 24 * time.Hour); !expires.Equal(want) {
		t.Errorf("refresh: got expiry %v, want %v", expires, want)
	}
	if claims, err = issuer.VerifyRefresh(refresh); err != nil || claims.TokenID != "jti-1" {
		t.Errorf("VerifyRefresh: got %+v, %v, want jti-1", claims, err)
	}
	if _, err := issuer.VerifyAccess(refresh); gallery.CodeOf(err) != gallery.Unauthorized {
		t.Errorf("a refresh token for access: got %v, want Unauthorized", err)
	}
	if _, err := issuer.VerifyRefresh(access); gallery.CodeOf(err) != gallery.Unauthorized {
		t.Errorf("an access token for refresh: got %v, want Unauthorized", err)
	}
}

// What Django reads: header, names and types of the claims are Simple JWT's,
// and its own decoder checks nothing else.
func TestTokens_looksLikeSimpleJWT(t *testing.T) {
	token, err := tokens(t, signingKey, func() time.Time { return noon.Add(700 * time.Millisecond) }).Access("7", "")
	if err != nil {
		t.Fatalf("Access: %v", err)
	}
	parts := strings.Split(token, ".")
	header, payload := decode(t, parts[0]), decode(t, parts[1])
	if want := sign(signingKey, header, payload); token != want {
		t.Errorf("got token %s, want the plain HMAC-SHA-256 of its segments", token)
	}
	if want := simpleHeader; header != want {
		t.Errorf("got header %s, want %s", header, want)
	}
	var claims map[string]any
	if err := json.Unmarshal([]byte(payload), &claims); err != nil {
		t.Fatalf("decode payload: %v", err)
	}
	got := slices.Sorted(maps.Keys(claims))
	if want := []string{"exp", "iat", "jti", "token_type", "user_id"}; !slices.Equal(got, want) {
		t.Errorf("got claims %v, want %v", got, want)
	}
	if claims["iat"] != float64(noon.Unix()) || claims["exp"] != float64(noon.Unix()+3600) {
		t.Errorf("got iat %v and exp %v, want whole seconds an hour apart", claims["iat"], claims["exp"])
	}
	if jti, _ := claims["jti"].(string); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(jti) {
		t.Errorf("got jti %v, want 32 hex digits", claims["jti"])
	}
	if claims["user_id"] != "7" {
		t.Errorf("got user_id %v, want the text 7", claims["user_id"])
	}
}

func decode(t *testing.T, segment string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatalf("decode segment: %v", err)
	}
	return string(raw)
}

func TestTokens_expireToTheSecond(t *testing.T) {
	clock := noon
	issuer := tokens(t, signingKey, func() time.Time { return clock })
	token, err := issuer.AccessFor("7", "", 24*time.Hour)
	if err != nil {
		t.Fatalf("AccessFor: %v", err)
	}
	clock = noon.Add(24*time.Hour - time.Millisecond)
	if _, err := issuer.VerifyAccess(token); err != nil {
		t.Errorf("a millisecond before its expiry: got %v, want it accepted", err)
	}
	clock = noon.Add(24 * time.Hour)
	if _, err := issuer.VerifyAccess(token); gallery.CodeOf(err) != gallery.Unauthorized {
		t.Errorf("at its expiry: got %v, want Unauthorized", err)
	}
}

func TestTokens_keysRotate(t *testing.T) {
	const first, second = "the first signing key of this gallery", "the second signing key of this gallery"
	plain := tokens(t, first, atNoon)
	named := tokens(t, "2026:"+first, atNoon)
	rotated := tokens(t, "2027:"+second+",2026:"+first, atNoon)
	done := tokens(t, "2027:"+second, atNoon)
	issue := func(by *auth.Tokens) string {
		token, err := by.Access("7", "")
		if err != nil {
			t.Fatalf("Access: %v", err)
		}
		return token
	}
	for _, test := range []struct {
		name   string
		token  string
		reader *auth.Tokens
		want   gallery.Code
	}{
		{"without id, read by the list", issue(plain), rotated, ""},
		{"with the old id, read by the list", issue(named), rotated, ""},
		{"new, read by the list", issue(rotated), rotated, ""},
		{"new, read by a node that has only the new key", issue(rotated), done, ""},
		{"old, after the old key is gone", issue(named), done, gallery.Unauthorized},
		{"old without id, after the old key is gone", issue(plain), done, gallery.Unauthorized},
		{"new key under the old key's id", sign(second, `{"alg":"HS256","kid":"2026"}`, simplePayload), rotated, gallery.Unauthorized},
		{"a token of Django's, old key", sign(first, simpleHeader, simplePayload), rotated, ""},
	} {
		if _, err := test.reader.VerifyAccess(test.token); gallery.CodeOf(err) != test.want {
			t.Errorf("%s: got %v, want code %q", test.name, err, test.want)
		}
	}
}
