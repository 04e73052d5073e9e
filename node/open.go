package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"

	"invisibleart.example/gallery/api"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/peer"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/web"
	"invisibleart.example/gallery/websockets"
)

// Node is one node of the gallery, open and not yet serving. Its methods are
// safe for concurrent use.
type Node struct {
	config  Config
	name    string // of this process, among all nodes there ever were
	dir     dir    // "" when nothing lies there
	db      *store.DB
	live    live
	curator *curator.Curator
	sockets *websockets.Server
	canary  *canary
	handler http.Handler
	workers []worker

	stopping atomic.Bool
	closing  sync.Once
	closers  []func() error // in the order they were opened
	closed   error
}

// Open takes the data directory's lock, where the node needs the directory, and
// opens everything. It fails, naming the cause, when a setting is wrong, another
// process serves the directory, a key is missing or unfit, the database or the
// bucket is out of reach, or the data is newer than the program. That Redis is
// away is no failure: nothing but live delivery waits for it. Whoever opened a
// Node runs it or closes it.
func Open(ctx context.Context, config Config) (*Node, error) {
	n := &Node{config: config.withDefaults(), name: rand.Text()}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) error {
	c := n.config
	// The settings first: a typing error should leave no half-made directory.
	origins, err := origin.New(c.PublicURL, c.AllowedOrigins, c.Listen)
	if err != nil {
		return err
	}
	peers, err := peer.New(c.TrustedProxies)
	if err != nil {
		return err
	}
	if err := errors.Join(checkKeys(c), checkDatabase(c)); err != nil {
		return err
	}
	if err := n.openLive(); err != nil {
		return err
	}
	if n.dir, err = takeDir(c, n.onClose); err != nil {
		return err
	}
	if n.db, err = openStore(ctx, c, n.dir); err != nil {
		return err
	}
	n.onClose(n.db.Close)
	n.worker("follow the store's clock", n.db.Run)
	tokens, err := openTokens(n.dir, c, n.db.Clock)
	if err != nil {
		return err
	}
	works, err := n.openVault(ctx)
	if err != nil {
		return err
	}
	edge := newCalm(c.Log) // of whoever answers requests
	limits := ratelimit.New(c.Limits, c.Now, n.live.limits)
	n.curator, err = curator.New(curator.Config{
		DB: n.db, Vault: works, Tokens: tokens, Passwords: auth.NewPasswords(c.PasswordCost),
		Events: websockets.NewEventHandler(n.live.broker), Presence: n.live.presence, Node: n.name,
		Limits: limits, Log: c.Log, Now: c.Now, InboxRetention: c.InboxRetention, MaxUpload: c.MaxUpload,
	})
	if err != nil {
		return err
	}
	n.sockets, err = websockets.NewServer(n.curator, n.live.broker, websockets.Settings{
		Origin: origins, Peer: peers, Limits: limits, Log: edge, Now: n.db.Clock,
	})
	if err != nil {
		return err
	}
	if n.canary, err = newCanary(ctx, n.live.broker); err != nil {
		return err
	}
	n.onClose(n.canary.close)
	rest, err := api.New(api.Config{
		Curator: n.curator, Origin: origins, Peer: peers, Limits: limits,
		MaxUpload: c.MaxUpload, Log: edge, Now: n.db.Clock,
	})
	if err != nil {
		return err
	}
	pages, err := web.New(web.Config{
		Curator: n.curator, Origin: origins, Peer: peers, Limits: limits, Log: edge,
	})
	if err != nil {
		return err
	}
	n.worker("run the curator", n.curator.Run)
	n.worker("run the sockets", n.sockets.Run)
	n.handler = n.routes(origins, rest, pages)
	return nil
}

// DataDir is the data directory as an absolute path, "" when everything is
// somewhere else.
func (n *Node) DataDir() string { return string(n.dir) }

// Source is where the rows are: the path of the data directory, or the URL of
// the database without its password.
func (n *Node) Source() string {
	if n.config.Database == "" {
		return string(n.dir)
	}
	u, err := url.Parse(n.config.Database)
	if err != nil {
		return "PostgreSQL" // it was opened, so it is not that
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Curator runs the use cases of this node.
func (n *Node) Curator() *curator.Curator { return n.curator }

// worker is something that runs as long as the node does.
type worker struct {
	doing string
	run   func(context.Context) error
}

func (n *Node) worker(doing string, run func(context.Context) error) {
	n.workers = append(n.workers, worker{doing, run})
}

func (n *Node) onClose(close func() error) { n.closers = append(n.closers, close) }

// Close lets go of everything, the lock last. Run does it at its end; a second
// call does nothing and returns what the first returned.
func (n *Node) Close() error {
	n.closing.Do(func() {
		for i := len(n.closers) - 1; i >= 0; i-- {
			// Closed twice is closed; os.ErrClosed tells nobody anything.
			if err := n.closers[i](); err != nil && !errors.Is(err, os.ErrClosed) {
				n.closed = errors.Join(n.closed, fmt.Errorf("close the gallery: %w", err))
			}
		}
	})
	return n.closed
}
