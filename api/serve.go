package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/problem"
)

// request is what an action is given: who asks has been settled.
type request struct {
	*http.Request
	who  auth.Identity
	addr string // the address that limits count by
}

// mux makes one handler a path, which knows the path's methods: what
// http.ServeMux answers by itself to a wrong method is not a problem document.
func (a *api) mux() http.Handler {
	resources := map[string]resource{}
	for _, route := range a.routes() {
		if resources[route.path] == nil {
			resources[route.path] = resource{}
		}
		resources[route.path][route.method] = a.endpoint(route)
	}
	mux := http.NewServeMux()
	for path, resource := range resources {
		mux.Handle(path, resource)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		problem.WriteStatus(w, r, http.StatusNotFound, "There is nothing at this address.")
	})
	return mux
}

// resource is what stands at one path, by method.
type resource map[string]http.Handler

func (m resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http leaves out the body
	}
	if h, ok := m[method]; ok {
		h.ServeHTTP(w, r)
		return
	}
	allow := slices.Collect(maps.Keys(m))
	if m[http.MethodGet] != nil {
		allow = append(allow, http.MethodHead)
	}
	slices.Sort(allow)
	w.Header().Set("Allow", strings.Join(append(allow, http.MethodOptions), ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	problem.WriteStatus(w, r, http.StatusMethodNotAllowed, "")
}

// endpoint settles who asks and whether they may, before a byte of the body is
// read, runs the action, and is the one place where its error becomes an
// answer.
func (a *api) endpoint(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := &request{Request: r, addr: a.Peer.Key(r)}
		err := a.admit(w, req, route.who)
		if err == nil {
			err = route.action(w, req)
		}
		if err != nil {
			problem.Write(w, r, err, a.Log)
		}
	})
}

func (a *api) admit(w http.ResponseWriter, r *request, least who) (err error) {
	if r.who, err = a.authenticate(w, r.Request); err != nil {
		return err
	}
	switch {
	case r.who.IsAnonymous() && least > anyone:
		return gallery.Errorf(gallery.Unauthorized, "You must be signed in to do this.")
	case least == artists && !r.who.User.IsArtist:
		return gallery.Errorf(gallery.Forbidden, "Only artists may do this.")
	case least == admins && !r.who.User.IsAdmin:
		return gallery.Errorf(gallery.Forbidden, "Only administrators may do this.")
	case r.who.IsAnonymous():
		return nil
	}
	return a.Limits.RequestsByUser.Take(r.Context(), r.who.User.ID)
}

// authenticate finds out who asks. What shows no credential is anonymous; what
// shows a wrong one is refused, also where nobody needs to sign in: whoever
// sends a token wants to be known, and should learn that they are not. A cookie
// that may not be believed is as good as none, but still one carrier too many
// beside another.
func (a *api) authenticate(w http.ResponseWriter, r *http.Request) (auth.Identity, error) {
	credential, err := auth.FromRequest(r, false)
	if err != nil {
		return auth.Identity{}, err
	}
	if credential.Kind == auth.KindSession {
		if !a.Origin.CookieAllowed(r) {
			return auth.Identity{}, nil
		}
		// The second lock on the door: CookieAllowed went by Origin, this goes
		// by Sec-Fetch-Site.
		if err := a.csrf.Check(r); err != nil {
			return auth.Identity{}, gallery.Errorf(gallery.Forbidden, "Another site's page may not do this for you.")
		}
	}
	who, err := a.Curator.Authenticate(r.Context(), credential)
	if err != nil && credential.Kind == auth.KindSession && gallery.CodeOf(err) == gallery.Unauthorized {
		// No script can take a dead cookie away, and with it the browser would
		// be refused everything that it may see without.
		http.SetCookie(w, auth.ClearCookie(a.Origin.Secure()))
	}
	return who, err
}

// limited lets through what its address may ask.
func (a *api) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.Limits.RequestsByAddress.Take(r.Context(), a.Peer.Key(r)); err != nil {
			problem.Write(w, r, err, a.Log)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tidy takes one slash off the end of the path. A path with empty or dotted
// segments names nothing: http.ServeMux would send its client elsewhere, and a
// proxy in front may have read it differently than we do.
func tidy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := strings.TrimSuffix(r.URL.Path, "/"); p != r.URL.Path {
			short := *r
			short.URL = new(url.URL)
			*short.URL = *r.URL
			short.URL.Path, short.URL.RawPath = p, strings.TrimSuffix(r.URL.RawPath, "/")
			r = &short
		}
		if path.Clean(r.URL.Path) != r.URL.Path {
			problem.WriteStatus(w, r, http.StatusNotFound, "There is nothing at this address.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// safe sets the headers that every answer has: it is of the type it says,
// loads nothing, is framed by nobody, tells no other site where its reader came
// from, and is kept by no cache. What is meant to be shown or kept says so
// itself.
func safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// reply writes an answer as JSON.
func reply(w http.ResponseWriter, status int, answer any) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone cannot be told so
	return nil
}

func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// pathID is the id in the path, in its one spelling. What is no UUID names
// nothing.
func pathID(r *request) (string, error) {
	id, ok := gallery.ParseID(r.PathValue("id"))
	if !ok {
		return "", gallery.Errorf(gallery.NotFound, "There is nothing at this address.")
	}
	return id, nil
}
