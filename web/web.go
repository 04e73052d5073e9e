package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/peer"
	"invisibleart.example/gallery/ratelimit"
)

// Config is what the pages are made of. Curator and Origin are required.
type Config struct {
	Curator *curator.Curator
	Origin  *origin.Policy
	Peer    *peer.Resolver    // nil trusts no proxy
	Limits  *ratelimit.Limits // nil limits nothing; share it with the API
	Log     *slog.Logger      // nil logs nothing
}

// site is the pages of one gallery. It is safe for concurrent use.
type site struct {
	Config
	csrf   *http.CrossOriginProtection
	pages  pages
	assets assets
}

// New builds the pages, to be mounted at "/". It fails when a required part is
// missing, or a template is broken or does not fit what its page gives it. The
// names and origins of requests (421, 403) are checked by whoever mounts it.
func New(config Config) (http.Handler, error) {
	if config.Curator == nil || config.Origin == nil {
		return nil, errors.New("the pages need a curator and an origin policy")
	}
	if config.Limits == nil {
		config.Limits = &ratelimit.Limits{}
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &site{Config: config, csrf: http.NewCrossOriginProtection()}
	if public := config.Origin.Public(); public != "" {
		if err := s.csrf.AddTrustedOrigin(public); err != nil {
			return nil, fmt.Errorf("trust the public URL: %w", err)
		}
	}
	var err error
	if s.assets, err = loadAssets(files); err != nil {
		return nil, fmt.Errorf("load the assets of the pages: %w", err)
	}
	if s.pages, err = loadPages(files, s.assets.prefix); err != nil {
		return nil, fmt.Errorf("load the pages: %w", err)
	}
	return s.handler(), nil
}
