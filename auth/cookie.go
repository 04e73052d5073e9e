package auth

import (
	"net/http"
	"time"
)

// SessionCookie is the name of the cookie that carries a browser session.
const SessionCookie = "gallery_session"

// CookieFor makes the cookie that carries the secret of a browser session
// until it expires. secure is for a gallery that is reached over https: without
// TLS a browser would not send the cookie back.
func CookieFor(secret string, expires time.Time, secure bool) *http.Cookie {
	return &http.Cookie{
		Name:    SessionCookie,
		Value:   secret,
		Path:    "/",
		Expires: expires.UTC(),
		// No script needs it, so no injected script shall read it.
		HttpOnly: true,
		// Another site's form or image does not carry it along; a link does.
		SameSite: http.SameSiteLaxMode,
		Secure:   secure,
	}
}

// ClearCookie makes the cookie that takes the session's away.
func ClearCookie(secure bool) *http.Cookie {
	c := CookieFor("", time.Unix(0, 0), secure)
	c.MaxAge = -1
	return c
}
