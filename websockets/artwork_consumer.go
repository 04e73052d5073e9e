package websockets

import (
	"context"
	"net/http"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// ArtworkConsumer is one socket on /ws/artwork/<artwork_id>/ (specification,
// "Consumers"): it says how the work stands and tells of its reveal, once.
//
// Who watches makes no difference to what is said, only to how it is counted:
// see [watcher].
type ArtworkConsumer struct {
	visit
	artworkID string
	greeting  Frame // the first artwork_status, until it is sent

	// revealSaid: the client knows that the work is revealed, by an
	// artwork_revealed or by the first artwork_status. It is what makes the
	// reveal heard once, however often it is told, and what keeps a stale read
	// from taking it back.
	revealSaid bool
	// revealHeard is the artwork_revealed that came before the connection.
	revealHeard Frame

	watcher *watcher // the person, nil for nobody known; set before the upgrade
	leave   func()   // out of the crowd before the work, nil before and after
	closed  bool

	asked     int // check_status that wait for an answer
	answering errand
}

// open is the handshake, once the visitor has been let in.
func (c *ArtworkConsumer) open(w http.ResponseWriter, r *http.Request, who auth.Identity) error {
	s := c.server
	id, ok := gallery.ParseID(c.artworkID)
	if !ok {
		return gallery.Errorf(gallery.NotFound, "There is no such artwork.")
	}
	c.artworkID = id
	if err := s.countUser(&c.visit, who); err != nil {
		return err
	}
	// Listen first, read second: a reveal that commits after the read is
	// published after it, and so heard.
	if err := s.join(r.Context(), &c.visit, s.artworkTopic(id), c); err != nil {
		return refusal("listen to the artwork", err)
	}
	if err := c.recognise(r.Context(), who); err != nil {
		return err
	}
	state, err := s.gallery.ArtworkState(r.Context(), id)
	if err != nil {
		return refusal("read the artwork", err)
	}
	c.greeting = TextFrame(statusMessage(state))
	c.mu.Lock()
	c.revealSaid = state.IsRevealed
	c.mu.Unlock()
	_, err = s.engine.Upgrade(w, r, c)
	return err
}

// artworkTopic is what happens to an artwork.
func (s *Server) artworkTopic(id string) topic {
	return topic{artworkChannel(id), func(ctx context.Context) ([]event, error) {
		state, err := s.gallery.ArtworkState(ctx, id)
		switch {
		case gallery.CodeOf(err) == gallery.NotFound:
			return []event{{kind: gallery.EventArtworkDeleted}}, nil
		case err != nil || !state.IsRevealed:
			return nil, err
		}
		return []event{{kind: gallery.EventArtworkRevealed, frame: TextFrame(revealedMessage(state))}}, nil
	}}
}

// Opened implements [Handler]: it says what there is to say first, and counts
// the visitor in.
func (c *ArtworkConsumer) Opened(conn *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	c.enter()
	conn.Send(c.greeting)
	if c.revealHeard.Len() > 0 {
		c.sayReveal(c.revealHeard)
	}
	c.greeting, c.revealHeard = Frame{}, Frame{}
	if c.ending != nil {
		conn.Close(c.ending.code, c.ending.reason)
	}
}

// receive implements member.
func (c *ArtworkConsumer) receive(e event) {
	switch e.kind {
	case gallery.EventArtworkRevealed:
		c.mu.Lock()
		c.sayReveal(e.frame)
		c.mu.Unlock()
	case gallery.EventArtworkDeleted:
		c.end(CloseDeleted, "artwork deleted")
	case eventTrouble:
		c.trouble()
	}
}

// sayReveal sends artwork_revealed unless the client knows. The caller holds
// the lock.
func (c *ArtworkConsumer) sayReveal(f Frame) {
	switch {
	case c.revealSaid:
	case c.conn == nil:
		c.revealHeard = f
	default:
		c.revealSaid = true
		c.conn.Send(f)
	}
}

// maxAsked is how many check_status may wait for a store that is away. Further
// ones find their answer in the last of those.
const maxAsked = 100

// Message implements [Handler]: check_status is answered, all else ignored.
func (c *ArtworkConsumer) Message(_ *Conn, _ bool, payload []byte) {
	m, ok := readClientMessage(payload)
	if !ok || m.kind != "check_status" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked < maxAsked {
		c.asked++
	}
	// Not here: while the store is away the peer's pongs must go on being read.
	c.answering.start(c.server, c.status)
}

// status answers each check_status that waits, all from one read of the store,
// which began after the last of them was asked.
func (c *ArtworkConsumer) status(ctx context.Context) {
	c.mu.Lock()
	asked := c.asked
	c.asked = 0
	c.mu.Unlock()
	if asked == 0 {
		return
	}
	var state gallery.ArtworkState
	err := c.server.persist(ctx, func(ctx context.Context) (err error) {
		state, err = c.server.gallery.ArtworkState(ctx, c.artworkID)
		return err
	})
	switch {
	case gallery.CodeOf(err) == gallery.NotFound:
		c.end(CloseDeleted, "artwork deleted")
		return
	case err != nil && ctx.Err() != nil: // the server has ended, and the socket with it
		return
	case err != nil:
		c.server.log.Error("check_status cannot be answered", "artwork", c.artworkID, "error", err)
		c.fault(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if state.IsRevealed {
		// Found before it was heard: the moment comes first, then the answer.
		c.sayReveal(TextFrame(revealedMessage(state)))
	}
	// The reveal may have been heard since the store was read; what was said
	// is not taken back.
	state.IsRevealed = c.revealSaid
	answer := TextFrame(statusMessage(state))
	for range asked {
		c.conn.Send(answer)
	}
}

// Closed implements [Handler].
func (c *ArtworkConsumer) Closed(*Conn) {
	c.depart()
	c.settle()
}
