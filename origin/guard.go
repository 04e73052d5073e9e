package origin

import (
	"net/http"
	"net/url"
	"strings"
)

// Refuse answers with a status and a sentence for people; problem.WriteStatus
// is one.
type Refuse func(w http.ResponseWriter, r *http.Request, status int, detail string)

// Guard lets through what comes under one of our names and from an origin that
// may talk to us: 421 for another Host, 403 for another Origin. The probes
// /healthz and /readyz pass under any name, for their callers know only our
// address.
func (p *Policy) Guard(next http.Handler, refuse Refuse) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		probe := r.URL.Path == "/healthz" || r.URL.Path == "/readyz"
		if !probe && !p.HostAllowed(r.Host) {
			refuse(w, r, http.StatusMisdirectedRequest, "This server does not go by that name. Its operator can name it with --public-url.")
			return
		}
		if !p.RequestAllowed(r) {
			refuse(w, r, http.StatusForbidden, "Pages of that origin may not talk to this server.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// RequestAllowed asks OriginAllowed of a request. Two Origin headers are none
// that a browser sent, and refused.
func (p *Policy) RequestAllowed(r *http.Request) bool {
	switch values := r.Header.Values("Origin"); len(values) {
	case 0:
		return true
	case 1:
		return values[0] != "" && p.OriginAllowed(values[0])
	default:
		return false
	}
}

// CookieAllowed tells whether the session cookie may speak for its user on a
// request to the API (a socket asks Own of its Origin, which browsers always
// send there). With an Origin, it must be our own. Without one only a read gets
// it, for browsers name no origin when a page of ours reads from us, and only
// when the browser says that the read is ours or its user's own idea:
//
//   - by Sec-Fetch-Site, which browsers send over https and to loopback names;
//   - without any, as over plain http in a local network, by a Referer of ours.
//     The pages have it sent, and an artist's link behind the veil needs it.
//
// What another site caused, a link followed to us included, gets no cookie.
func (p *Policy) CookieAllowed(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if origin := r.Header.Get("Origin"); origin != "" {
		return p.Own(origin) && site != "cross-site"
	}
	switch {
	case !reads(r):
		return false
	case site == "":
		return p.ownReferer(r)
	default:
		return site == "same-origin" || site == "none"
	}
}

// CookieAllowedOnPage is CookieAllowed for the pages, which are there to be come
// to: by a link on another site, or from an address bar over plain http, where
// nothing is said of it. SameSite keeps the cookie from whatever else another
// site's page loads.
func (p *Policy) CookieAllowedOnPage(r *http.Request) bool {
	if p.CookieAllowed(r) {
		return true
	}
	arrives := r.Header.Get("Sec-Fetch-Site") == "" || r.Header.Get("Sec-Fetch-Mode") == "navigate"
	return reads(r) && r.Header.Get("Origin") == "" && arrives
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

func (p *Policy) ownReferer(r *http.Request) bool {
	u, err := url.Parse(r.Header.Get("Referer"))
	return err == nil && u.User == nil && p.Own(u.Scheme+"://"+u.Host)
}

// CORS lets the pages of allowed origins read the answers, without credentials
// (Fetch, "CORS protocol"). Every answer varies by Origin, or a cache would
// hand one origin's answer to another.
func (p *Policy) CORS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		from := r.Header.Get("Origin")
		if from == "" || !p.OriginAllowed(from) {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Origin", from)
		h.Set("Access-Control-Expose-Headers", exposed)
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Range, If-Range, If-None-Match, If-Modified-Since")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// exposed are the headers that a foreign page may read beyond those it always
// may.
var exposed = strings.Join([]string{
	"Accept-Ranges", "Content-Range", "Content-Length", "Content-Disposition", "ETag", "Location", "Retry-After", "WWW-Authenticate",
}, ", ")
