package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/problem"
)

// visit is one request, and who makes it.
type visit struct {
	*http.Request
	who  auth.Identity
	addr string // the address that limits count by
}

// action answers a visit, or returns the error that [site.fail] makes a page of;
// then it has written nothing yet.
type action func(w http.ResponseWriter, v *visit) error

// handler makes one handler a path, which knows the path's methods, because
// http.ServeMux answers a wrong method with bare text.
func (s *site) handler() http.Handler {
	paths := map[string]resource{}
	add := func(r route, h http.Handler) {
		if _, known := paths[r.path]; !known {
			paths[r.path] = resource{site: s, methods: map[string]http.Handler{}}
		}
		paths[r.path].methods[r.method] = h
	}
	for _, r := range s.routes() {
		add(r, s.admitted(r.action))
	}
	for _, r := range s.still() {
		add(r, s.open(r.action))
	}
	mux := http.NewServeMux()
	for path, resource := range paths {
		mux.Handle(strings.TrimSuffix(path, "/")+"/{$}", resource)
		if path != "/" {
			mux.Handle(path, resource)
		}
	}
	mux.Handle("/", s.admitted(func(http.ResponseWriter, *visit) error {
		return gallery.Errorf(gallery.NotFound, "Nothing hangs at this address.")
	}))
	return s.safe(mux)
}

// resource is what stands at one path, by method.
type resource struct {
	site    *site
	methods map[string]http.Handler
}

func (m resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http leaves out the body
	}
	if h, ok := m.methods[method]; ok {
		h.ServeHTTP(w, r)
		return
	}
	allow := slices.Collect(maps.Keys(m.methods))
	if m.methods[http.MethodGet] != nil {
		allow = append(allow, http.MethodHead)
	}
	slices.Sort(allow)
	w.Header().Set("Allow", strings.Join(allow, ", "))
	m.site.fail(w, &visit{Request: r}, problem.Errorf(http.StatusMethodNotAllowed, "This page does not know that method."))
}

// open runs an action for anybody, without finding out who it is.
func (s *site) open(do action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Request: r}
		if err := do(w, v); err != nil {
			s.fail(w, v, err)
		}
	})
}

// admitted runs an action once it is settled who asks and whether they may.
func (s *site) admitted(do action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Request: r, addr: s.Peer.Key(r)}
		err := s.admit(w, v)
		if err == nil {
			err = do(w, v)
		}
		if err != nil {
			s.fail(w, v, err)
		}
	})
}

func (s *site) admit(w http.ResponseWriter, v *visit) (err error) {
	if err := s.Limits.RequestsByAddress.Take(v.Context(), v.addr); err != nil {
		return err
	}
	// Browsers tell of a form on another site by Sec-Fetch-Site or Origin; it is
	// refused whoever is signed in, because a sign-in can be forged as well.
	if err := s.csrf.Check(v.Request); err != nil {
		return gallery.Errorf(gallery.Forbidden, "A form on another site may not do this here.")
	}
	if v.who, err = s.recognise(w, v.Request); err != nil || v.who.IsAnonymous() {
		return err
	}
	return s.Limits.RequestsByUser.Take(v.Context(), v.who.User.ID)
}

// recognise finds out who asks. A session that is over makes an anonymous
// visitor, not an error: whoever comes back after a week wants to see the
// gallery. The dead cookie is taken away. Only the cookie counts: what a page's
// request has in Authorization is meant for a proxy in front of us.
func (s *site) recognise(w http.ResponseWriter, r *http.Request) (auth.Identity, error) {
	cookies := *r
	cookies.Header = maps.Clone(r.Header)
	cookies.Header.Del("Authorization")
	credential, err := auth.FromRequest(&cookies, false)
	if err != nil || credential.IsZero() || !s.Origin.CookieAllowedOnPage(r) {
		return auth.Identity{}, err
	}
	who, err := s.Curator.Authenticate(r.Context(), credential)
	if gallery.CodeOf(err) == gallery.Unauthorized && credential.Kind == auth.KindSession {
		http.SetCookie(w, auth.ClearCookie(s.Origin.Secure()))
		return auth.Identity{}, nil
	}
	return who, err
}

// safe sets the headers that every page has. The referrer stays on our own
// pages; "no-referrer" would have browsers write "Origin: null" on our own
// forms, and the forms be refused.
func (s *site) safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", s.policy(r.Host))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// Pages differ by visitor and by the minute.
		h.Set("Cache-Control", "private, no-cache")
		next.ServeHTTP(w, r)
	})
}

// policy allows what the pages are made of and nothing else. Some browsers do
// not count a socket to the same host as 'self', so it is named, once the host
// is known to be one of our names and to hold nothing but a name.
func (s *site) policy(host string) string {
	connect := "'self'"
	if s.Origin.HostAllowed(host) {
		connect += " ws://" + host + " wss://" + host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; " +
		"connect-src " + connect + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}
