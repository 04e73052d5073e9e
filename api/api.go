// Package api is the gallery's REST interface, /api/v1 (docs/protocol.md,
// "REST"): one file an action, over package curator, which decides; here
// requests are read strictly and answers are shaped.
//
// What holds for every route stands in one place each: limits, headers and the
// sign-in in serve.go, the table of routes in routes.go, the reading of bodies
// in body.go, json.go and fields.go. The contract is openapi.yaml, which is
// embedded, served, and held by the tests against every exchange they make.
package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/peer"
	"invisibleart.example/gallery/ratelimit"
)

// Config is what the API is made of. Curator and Origin are required.
type Config struct {
	Curator   *curator.Curator
	Origin    *origin.Policy
	Peer      *peer.Resolver    // nil trusts no proxy
	Limits    *ratelimit.Limits // nil limits nothing
	MaxUpload int64             // bytes of an uploaded work, 64 MiB when 0; that of the curator
	Log       *slog.Logger      // nil logs nothing
	Now       func() time.Time  // nil is time.Now
}

type api struct {
	Config
	csrf     *http.CrossOriginProtection
	document []byte // the OpenAPI document as JSON
	docs     []byte // the page made of it
}

// New makes the handler of everything under /api/ and of /docs. It is safe for
// concurrent use. It must stand behind Origin.Guard, which refuses foreign hosts
// and origins for the whole house, and behind whatever bounds the time that a
// body may take. New fails when the embedded document is
// broken, or is not about the routes there are.
func New(c Config) (http.Handler, error) {
	if c.Curator == nil || c.Origin == nil {
		return nil, fmt.Errorf("the API needs a curator and a policy of origins")
	}
	if c.Limits == nil {
		c.Limits = &ratelimit.Limits{}
	}
	if c.MaxUpload == 0 {
		c.MaxUpload = 64 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &api{Config: c, csrf: http.NewCrossOriginProtection()}
	if public := c.Origin.Public(); public != "" {
		if err := a.csrf.AddTrustedOrigin(public); err != nil {
			return nil, fmt.Errorf("trust the public URL: %w", err)
		}
	}
	var err error
	if a.document, a.docs, err = documents(openapi, a.routes()); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	return safe(c.Origin.CORS(a.limited(tidy(a.mux())))), nil
}

// stamp writes t, null when there was no such time.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := gallery.Timestamp(t)
	return &text
}
