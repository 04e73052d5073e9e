package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"invisibleart.example/gallery/api"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/peer"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/web"
	"invisibleart.example/gallery/websockets"
)

// Node is one node of the gallery, open and not yet serving. Its methods are
// safe for concurrent use.
type Node struct {
	config  Config
	dir     dir
	db      *store.DB
	curator *curator.Curator
	sockets *websockets.Server
	canary  *canary
	handler http.Handler

	stopping atomic.Bool
	closing  sync.Once
	closers  []func() error // in the order they were opened
	closed   error
}

// Open takes the data directory's lock and opens everything in it. It fails,
// naming the cause, when a setting is wrong, another process serves the
// directory, a key is missing or unfit, or the data is newer than the program.
// Whoever opened a Node runs it or closes it.
func Open(ctx context.Context, config Config) (*Node, error) {
	n := &Node{config: config.withDefaults()}
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
	if err := checkKeys(c); err != nil {
		return err
	}
	if n.dir, err = openDir(c.Data); err != nil {
		return err
	}
	lock, err := n.dir.lock()
	if err != nil {
		return err
	}
	n.onClose(lock.Close)
	if n.db, err = store.Open(ctx, n.dir.database(), store.Options{Now: c.Now}); err != nil {
		return err
	}
	n.onClose(n.db.Close)
	tokens, err := openTokens(n.dir, c)
	if err != nil {
		return err
	}
	works, err := n.openVault(ctx)
	if err != nil {
		return err
	}
	broker := pubsub.NewMemory()
	edge := newCalm(c.Log) // of whoever answers requests
	limits := ratelimit.New(c.Limits, c.Now, nil)
	n.curator, err = curator.New(curator.Config{
		DB: n.db, Vault: works, Tokens: tokens, Passwords: auth.NewPasswords(c.PasswordCost),
		Events: websockets.NewEventHandler(broker), Limits: limits, Log: c.Log, Now: c.Now,
		InboxRetention: c.InboxRetention, MaxUpload: c.MaxUpload,
	})
	if err != nil {
		return err
	}
	n.sockets, err = websockets.NewServer(n.curator, broker, websockets.Settings{
		Origin: origins, Peer: peers, Limits: limits, Log: edge, Now: c.Now,
	})
	if err != nil {
		return err
	}
	if n.canary, err = newCanary(ctx, broker); err != nil {
		return err
	}
	n.onClose(n.canary.close)
	rest, err := api.New(api.Config{
		Curator: n.curator, Origin: origins, Peer: peers, Limits: limits,
		MaxUpload: c.MaxUpload, Log: edge, Now: c.Now,
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
	n.handler = n.routes(origins, rest, pages)
	return nil
}

// DataDir is where the data is, as an absolute path.
func (n *Node) DataDir() string { return string(n.dir) }

// Curator runs the use cases of this node.
func (n *Node) Curator() *curator.Curator { return n.curator }

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
