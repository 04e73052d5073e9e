package websockets

import (
	"net/http"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/origin"
)

// JWTAuthMiddleware authenticates WebSocket connections (specification,
// "Authentication Middleware"): with a JWT in the query as the specification
// has it, and with the other carriers of docs/protocol.md.
type JWTAuthMiddleware struct {
	gallery Gallery
	origin  *origin.Policy
}

// identified opens a socket for somebody.
type identified func(w http.ResponseWriter, r *http.Request, who auth.Identity) error

// Required lets only those in who have proved who they are.
func (m *JWTAuthMiddleware) Required(next identified) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := m.identify(r)
		if err != nil {
			return err
		}
		if who.IsAnonymous() {
			return gallery.Errorf(gallery.Unauthorized, "This socket needs an access token.")
		}
		return next(w, r, who)
	}
}

// Optional lets everybody in. A credential that does not hold counts for
// nothing, as in the original; one that cannot be told from another does not
// pass even here.
func (m *JWTAuthMiddleware) Optional(next identified) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		c, err := m.credential(r)
		if err != nil {
			return err
		}
		who, err := m.authenticate(r, c)
		if gallery.CodeOf(err) == gallery.Unauthorized {
			who, err = auth.Identity{}, nil
		}
		if err != nil {
			return err
		}
		return next(w, r, who)
	}
}

func (m *JWTAuthMiddleware) identify(r *http.Request) (auth.Identity, error) {
	c, err := m.credential(r)
	if err != nil {
		return auth.Identity{}, err
	}
	return m.authenticate(r, c)
}

// credential finds the request's one credential. The session cookie counts on
// our own pages only: a browser adds it to whatever any page has it ask for, and
// the Origin is all that tells whose idea it was. Who sends none is not a
// browser and has no business with the cookie of one.
func (m *JWTAuthMiddleware) credential(r *http.Request) (auth.Credential, error) {
	c, err := auth.FromRequest(r, true)
	if c.Kind == auth.KindSession && !m.origin.Own(r.Header.Get("Origin")) {
		c = auth.Credential{}
	}
	return c, err
}

func (m *JWTAuthMiddleware) authenticate(r *http.Request, c auth.Credential) (auth.Identity, error) {
	if c.IsZero() {
		return auth.Identity{}, nil
	}
	who, err := m.gallery.Authenticate(r.Context(), c)
	if err != nil {
		return auth.Identity{}, refusal("authenticate", err)
	}
	return who, nil
}
