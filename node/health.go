package node

import (
	"context"
	"net/http"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/problem"
)

// readyPatience is how long the parts together may take to prove themselves.
const readyPatience = 2 * time.Second

// healthz answers as soon as and as long as the process can answer at all.
func (n *Node) healthz(w http.ResponseWriter, _ *http.Request) { ok(w, "ok\n") }

// readyz answers 200 when this node delivers: the store answers and has room to
// write, and a canary sent through the broker comes back. Otherwise 503; which
// part it was stands in the log.
func (n *Node) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyPatience)
	defer cancel()
	if err := n.ready(ctx); err != nil {
		n.config.Log.WarnContext(ctx, "not ready", "error", err)
		refusal := gallery.Errorf(gallery.Unavailable, "Not ready.")
		refusal.RetryAfter = readyPatience
		problem.Write(w, r, refusal, nil)
		return
	}
	ok(w, "ready\n")
}

func (n *Node) ready(ctx context.Context) error {
	if n.stopping.Load() {
		return errStopping
	}
	if err := n.curator.Ready(ctx); err != nil {
		return err
	}
	if err := n.db.Room(ctx); err != nil {
		return err
	}
	return n.canary.sing(ctx)
}

func ok(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	// A prober that has gone away cannot be told anything.
	_, _ = w.Write([]byte(text))
}
