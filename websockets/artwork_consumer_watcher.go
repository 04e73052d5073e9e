package websockets

import (
	"context"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// watcher is the person behind an artwork socket, who counts as one of those
// before the work while what opened the socket holds. When that ends, by the
// token's expiry or a sign-out, the socket stays open and counts as an anonymous
// one (docs/protocol.md, "Tokens").
type watcher struct {
	c   *ArtworkConsumer
	who auth.Identity

	over     bool        // it has ended; guarded by the visit's lock
	expiry   *time.Timer // likewise
	checking errand
}

// recognise makes the visitor a person, if it is one.
func (c *ArtworkConsumer) recognise(ctx context.Context, who auth.Identity) error {
	if who.IsAnonymous() {
		return nil
	}
	// Listen first, read second: the end of an identity that was read before
	// anybody listened would be missed. The group is joined by the watcher and
	// not by the socket, which must not take the reveal of another work, told
	// to its artist there, for that of its own.
	s, person := c.server, &watcher{c: c, who: who}
	if err := s.join(ctx, &c.visit, s.userTopic(who.User.ID), person); err != nil {
		return refusal("listen to sign-outs", err)
	}
	switch err := s.gallery.Reauthenticate(ctx, who); {
	case gallery.CodeOf(err) == gallery.Unauthorized:
		return nil // a credential that does not hold is ignored here
	case err != nil:
		return refusal("confirm who it is", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watcher = person
	return nil
}

// enter counts the visitor among those before the work, from the opening of the
// socket on. The caller holds the lock.
func (c *ArtworkConsumer) enter() {
	var who auth.Identity
	if w := c.watcher; w != nil && !w.over {
		who = w.who
		if !who.ExpiresAt.IsZero() {
			w.expiry = time.AfterFunc(c.server.until(who.ExpiresAt), w.stepDown)
		}
	}
	c.leave = c.server.gallery.Enter(c.artworkID, who)
}

// depart counts the visitor out.
func (c *ArtworkConsumer) depart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave()
	c.leave, c.closed = nil, true
	if c.watcher != nil && c.watcher.expiry != nil {
		c.watcher.expiry.Stop()
	}
}

// stepDown has the socket go on as an anonymous one.
func (w *watcher) stepDown() {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.over {
		return
	}
	w.over = true
	if w.expiry != nil {
		w.expiry.Stop()
	}
	if c.leave != nil { // it is open
		c.leave()
		c.leave = c.server.gallery.Enter(c.artworkID, auth.Identity{})
	}
}

// receive implements member: of all that happens to a user, sign-outs matter.
func (w *watcher) receive(e event) {
	switch e.kind {
	case gallery.EventSignedOut:
		w.checking.start(w.c.server, w.check)
	case eventTrouble:
		w.c.trouble()
	}
}

// check has the person step down when what opened the socket no longer holds.
func (w *watcher) check(ctx context.Context) {
	s := w.c.server
	err := s.persist(ctx, func(ctx context.Context) error {
		if w.isOver() {
			return nil // nobody is left to ask about
		}
		return s.gallery.Reauthenticate(ctx, w.who)
	})
	switch {
	case err == nil || ctx.Err() != nil:
	case gallery.CodeOf(err) == gallery.Unauthorized:
		w.stepDown()
	default:
		s.log.Error("a sign-out cannot be confirmed", "user", w.who.User.ID, "error", err)
		w.c.trouble()
	}
}

func (w *watcher) isOver() bool {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	return w.over || w.c.closed
}
