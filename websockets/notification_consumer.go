package websockets

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// NotificationConsumer is one socket on /ws/notifications/ (specification,
// "Consumers"): one user's notifications and the system messages, each once
// and in order, for as long as what opened the socket holds.
type NotificationConsumer struct {
	visit
	who auth.Identity

	inbox, system stream
	catching      errand
	checking      errand
	marking       errand

	// inDoubt: somebody signed this user out, and the store that knows whom is
	// away. Until it has answered nothing more is said, and what there would be
	// to say waits in the store.
	inDoubt bool
	// readUpTo is what the client has asked to mark as read, 0 when that is
	// done.
	readUpTo int64
}

// open is the handshake, once the visitor is known.
func (c *NotificationConsumer) open(w http.ResponseWriter, r *http.Request, who auth.Identity) error {
	s := c.server
	since, given, err := readSince(r)
	if err != nil {
		return err
	}
	c.who = who
	if err := s.countUser(&c.visit, who); err != nil {
		return err
	}
	c.inbox.source, c.system.source = inbox{s.gallery, who.User.ID}, announcements{s.gallery}
	// Listen first, read second: what commits after the reads is published
	// after them, and so heard. That goes for the end of the identity, too,
	// which was read before anybody listened.
	for _, t := range []topic{s.userTopic(who.User.ID), s.systemTopic()} {
		if err := s.join(r.Context(), &c.visit, t, c); err != nil {
			return refusal("listen to the notifications", err)
		}
	}
	if err := s.gallery.Reauthenticate(r.Context(), who); err != nil {
		return refusal("confirm who it is", err)
	}
	if err := c.begin(r.Context(), since, given); err != nil {
		return refusal("read where the notifications stand", err)
	}
	_, err = s.engine.Upgrade(w, r, c)
	return err
}

// readSince reads the query's since: the seq after which to replay.
func readSince(r *http.Request) (since int64, given bool, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	values := query["since"]
	if len(values) == 0 && err == nil {
		return 0, false, nil
	}
	// What cannot be read may have been a since: to go on without it would lose
	// what was to be replayed.
	if len(values) != 1 || err != nil {
		return 0, false, gallery.Errorf(gallery.Malformed, "since must be one whole number from 0, in a query that can be read.")
	}
	since, ok := wholeNumber(values[0])
	if !ok {
		return 0, false, gallery.Errorf(gallery.Malformed, "since must be one whole number from 0.")
	}
	return since, true, nil
}

// begin finds where the streams start: at their heads, or for the inbox at
// since. What was heard while the heads were read stays wanted if it is newer.
func (c *NotificationConsumer) begin(ctx context.Context, since int64, given bool) error {
	newest, err := c.inbox.source.head(ctx)
	if err != nil {
		return err
	}
	announced, err := c.system.source.head(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inbox.last, c.inbox.wanted = newest, max(c.inbox.wanted, newest)
	if given {
		c.inbox.last = min(since, newest)
	}
	c.system.last = announced
	return nil
}

// userTopic is what happens to a user: the inbox, and sign-outs.
func (s *Server) userTopic(id string) topic {
	return topic{userChannel(id), func(ctx context.Context) ([]event, error) {
		head, err := s.gallery.InboxHead(ctx, id)
		if err != nil && gallery.CodeOf(err) != gallery.NotFound {
			return nil, err
		}
		// A user who is gone has no inbox, and will not pass the check either.
		return []event{{kind: eventHead, seq: head}, {kind: gallery.EventSignedOut}}, nil
	}}
}

// systemTopic is what concerns everybody.
func (s *Server) systemTopic() topic {
	return topic{systemChannel, func(ctx context.Context) ([]event, error) {
		head, err := s.gallery.AnnouncementHead(ctx)
		return []event{{kind: gallery.EventSystemMessage, seq: head}}, err
	}}
}

// Opened implements [Handler]: it says welcome and sets the streams going.
func (c *NotificationConsumer) Opened(conn *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	conn.Send(TextFrame(welcomeMessage()))
	c.inbox.live = !c.inDoubt && c.inbox.last >= c.inbox.wanted
	// Nothing live comes before the end of the replay, system messages neither.
	c.system.live = c.inbox.live && c.system.last >= c.system.wanted
	if !c.system.live {
		c.catching.start(c.server, c.catchUpBoth)
	}
	if !c.who.ExpiresAt.IsZero() {
		conn.CloseAt(time.Now().Add(c.server.until(c.who.ExpiresAt)), CloseSignedOut, "token expired")
	}
	if c.ending != nil {
		conn.Close(c.ending.code, c.ending.reason)
	}
}

// receive implements member.
func (c *NotificationConsumer) receive(e event) {
	switch e.kind {
	case gallery.EventNewComment, gallery.EventNewView, gallery.EventArtworkRevealed, eventHead:
		c.hear(&c.inbox, e)
	case gallery.EventSystemMessage:
		c.hear(&c.system, e)
	case gallery.EventSignedOut:
		c.checking.start(c.server, c.check)
	case eventTrouble:
		c.trouble()
	}
}

func (c *NotificationConsumer) hear(st *stream, e event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	say, behind := st.hear(e)
	if say {
		c.conn.Send(e.frame) // live, so there is a connection
	}
	if behind {
		c.catching.start(c.server, c.catchUpBoth)
	}
}

func (c *NotificationConsumer) catchUpBoth(ctx context.Context) {
	for _, st := range []*stream{&c.inbox, &c.system} {
		if err := c.catchUp(ctx, st); err != nil {
			c.broken(ctx, "notifications cannot be caught up", err)
			return
		}
	}
}

// check closes the socket when what opened it no longer holds.
func (c *NotificationConsumer) check(ctx context.Context) {
	err := c.server.persist(ctx, func(ctx context.Context) error {
		err := c.server.gallery.Reauthenticate(ctx, c.who)
		if isAway(err) {
			c.doubt()
		}
		return err
	})
	switch {
	case gallery.CodeOf(err) == gallery.Unauthorized:
		c.end(CloseSignedOut, "signed out")
	case err != nil:
		c.broken(ctx, "a sign-out cannot be confirmed", err)
	default:
		c.trust()
	}
}

// doubt holds back everything from now on: the streams are not live, and are
// not caught up.
func (c *NotificationConsumer) doubt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inDoubt, c.inbox.live, c.system.live = true, false, false
}

// trust ends the doubt, and says what was held back.
func (c *NotificationConsumer) trust() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inDoubt && c.conn != nil {
		c.catching.start(c.server, c.catchUpBoth)
	}
	c.inDoubt = false
}

// Message implements [Handler]: mark_read is done, all else ignored. It is not
// done here: while the store is away nobody would read the socket, its pongs
// neither. The highest of those that wait stands for all.
func (c *NotificationConsumer) Message(_ *Conn, _ bool, payload []byte) {
	m, ok := readClientMessage(payload)
	if !ok || m.kind != "mark_read" || m.upTo == 0 {
		return
	}
	c.mu.Lock()
	c.readUpTo = max(c.readUpTo, m.upTo)
	c.mu.Unlock()
	c.marking.start(c.server, c.markRead)
}

func (c *NotificationConsumer) markRead(ctx context.Context) {
	c.mu.Lock()
	upTo := c.readUpTo
	c.readUpTo = 0
	c.mu.Unlock()
	if upTo == 0 {
		return // done already by the time it was asked for again
	}
	err := c.server.persistIn(ctx, c.server.writing, func(ctx context.Context) error {
		_, err := c.server.gallery.MarkReadUpTo(ctx, c.who.User.ID, upTo)
		return err
	})
	if err != nil {
		c.broken(ctx, "mark_read failed", err)
	}
}

// broken ends the socket over what the store has failed to do for it, which is
// not to say the server's own end.
func (c *NotificationConsumer) broken(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	c.server.log.Error(what, "user", c.who.User.ID, "error", err)
	c.fault(err)
}

// Closed implements [Handler].
func (c *NotificationConsumer) Closed(*Conn) { c.settle() }
