package simulation_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/websockets"
)

// ledger is the world as a model: what the curator and its store do, in as few
// words as possible. Every commit is one hold of the lock.
type ledger struct {
	sim *sim

	mu        sync.Mutex
	made      int                     // ids
	users     map[string]gallery.User // by name
	hung      []*hung
	boxes     map[string][]gallery.Notification // by user id
	announced []gallery.Announcement
	rows      []*row
	sessions  map[string]*session // by token
}

// hung is a work.
type hung struct {
	gallery.ArtworkState
	artist   string // the name
	gone     bool
	comments int
	needs    int
	viewers  map[string]bool
	wants    int
}

// row is one of the outbox.
type row struct {
	event   gallery.Event
	node    string
	claimed time.Time
}

type session struct {
	user    gallery.User
	ended   bool
	expires time.Time
}

func newLedger(s *sim) *ledger {
	l := &ledger{sim: s, users: map[string]gallery.User{}, boxes: map[string][]gallery.Notification{}, sessions: map[string]*session{}}
	for _, name := range slices.Concat(artists, fans) {
		l.users[name] = gallery.User{ID: l.id(), Username: name}
	}
	for i := range manyWorks {
		l.hung = append(l.hung, &hung{
			ArtworkState: gallery.ArtworkState{ID: l.id(), Title: fmt.Sprint("Dusk ", i), Artist: artistOf(i)},
			artist:       artistOf(i), needs: commentsOf(i), wants: viewsOf(i), viewers: map[string]bool{},
		})
	}
	return l
}

// id makes one that sorts by when it was made, as a UUIDv7 does.
func (l *ledger) id() string {
	l.made++
	return fmt.Sprintf("00000000-0000-7000-8000-%012x", l.made)
}

func (l *ledger) find(id string) (*hung, error) {
	i := slices.IndexFunc(l.hung, func(h *hung) bool { return h.ID == id && !h.gone })
	if i < 0 {
		return nil, gallery.Errorf(gallery.NotFound, "There is no such artwork.")
	}
	return l.hung[i], nil
}

func (l *ledger) standing(token string) (*session, error) {
	s := l.sessions[token]
	if s == nil || s.ended || !time.Now().Before(s.expires) {
		return nil, gallery.Errorf(gallery.Unauthorized, "The token is not valid or has expired.")
	}
	return s, nil
}

func (l *ledger) works() (ids []string) {
	for _, h := range l.hung {
		ids = append(ids, h.ID)
	}
	return ids
}

// signIn opens a session, now and then one that is over before the evening is.
func (l *ledger) signIn(name string) (string, error) {
	life := time.Hour
	if l.sim.oneIn(6) {
		life = l.sim.between(time.Second, 10*time.Second)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	token := l.id()
	l.sessions[token] = &session{user: l.users[name], expires: time.Now().Add(life)}
	return token, nil
}

func (l *ledger) holds(token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.standing(token)
	return err == nil
}

func (l *ledger) state(work string) (revealed, gone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.hung, func(h *hung) bool { return h.ID == work })
	return l.hung[i].IsRevealed, l.hung[i].gone
}

func (l *ledger) inbox(name string) []gallery.Notification {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.boxes[l.users[name].ID])
}

func (l *ledger) head(name string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.boxes[l.users[name].ID]))
}

func (l *ledger) announcements() (texts []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.announced {
		texts = append(texts, a.Message)
	}
	return texts
}

func (l *ledger) outbox() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.rows)
}

func (l *ledger) close() error { return nil }

func (l *ledger) keeper(node string, events *websockets.EventHandler) (keeper, error) {
	return &clerk{ledger: l, node: node, events: events, wake: make(chan struct{}, 1)}, nil
}

// clerk is the ledger's keeper on one node.
type clerk struct {
	ledger *ledger
	node   string
	events *websockets.EventHandler
	wake   chan struct{}

	queue []gallery.Event // guarded by ledger.mu
}

// change is one commit: what happened, and the rows that tell of it.
func (c *clerk) change(act func(l *ledger, tell func(gallery.Event)) error) error {
	l := c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	return act(l, func(e gallery.Event) {
		e.ID = l.id()
		l.rows = append(l.rows, &row{e, c.node, time.Now()})
		c.queue = append(c.queue, e)
		select {
		case c.wake <- struct{}{}:
		default:
		}
	})
}

// notify writes into an inbox. The caller holds the lock.
func (l *ledger) notify(h *hung, kind gallery.EventKind, about gallery.NotificationType) gallery.Event {
	to := l.users[h.artist].ID
	n := gallery.Notification{
		ID: l.id(), RecipientID: to, Seq: int64(len(l.boxes[to]) + 1), Message: string(about),
		Data: gallery.NotificationData{Type: about, ArtworkID: h.ID}, CreatedAt: time.Now(),
	}
	l.boxes[to] = append(l.boxes[to], n)
	e := gallery.Event{Kind: kind, Notification: n}
	if kind == gallery.EventArtworkRevealed {
		e.Artwork = h.ArtworkState
	}
	return e
}

func (l *ledger) judge(h *hung, byHand bool, tell func(gallery.Event)) {
	if !h.IsRevealed && (byHand || h.comments >= h.needs || len(h.viewers) >= h.wants) {
		h.IsRevealed = true
		tell(l.notify(h, gallery.EventArtworkRevealed, gallery.ArtworkRevealed))
	}
}

func (c *clerk) comment(_ context.Context, _, work string) error {
	return c.change(func(l *ledger, tell func(gallery.Event)) error {
		h, err := l.find(work)
		if err != nil {
			return err
		}
		h.comments++
		tell(l.notify(h, gallery.EventNewComment, gallery.NewComment))
		l.judge(h, false, tell)
		return nil
	})
}

func (c *clerk) look(_ context.Context, name, work string) error {
	return c.change(func(l *ledger, tell func(gallery.Event)) error {
		h, err := l.find(work)
		if err == nil {
			h.viewers[name] = true
			l.judge(h, false, tell)
		}
		return err
	})
}

func (c *clerk) reveal(_ context.Context, work string) error {
	return c.change(func(l *ledger, tell func(gallery.Event)) error {
		h, err := l.find(work)
		if err == nil {
			l.judge(h, true, tell)
		}
		return err
	})
}

func (c *clerk) remove(_ context.Context, work string) error {
	return c.change(func(l *ledger, tell func(gallery.Event)) error {
		h, err := l.find(work)
		if err == nil {
			h.gone = true
			tell(gallery.Event{Kind: gallery.EventArtworkDeleted, Artwork: gallery.ArtworkState{ID: work}})
		}
		return err
	})
}

func (c *clerk) announce(_ context.Context, text string) error {
	return c.change(func(l *ledger, tell func(gallery.Event)) error {
		a := gallery.Announcement{ID: l.id(), Number: int64(len(l.announced) + 1), Message: text, CreatedAt: time.Now()}
		l.announced = append(l.announced, a)
		tell(gallery.Event{Kind: gallery.EventSystemMessage, Announcement: a})
		return nil
	})
}

func (c *clerk) signOut(_ context.Context, name string) error {
	return c.change(func(l *ledger, tell func(gallery.Event)) error {
		for _, s := range l.sessions {
			s.ended = s.ended || s.user.Username == name
		}
		tell(gallery.Event{Kind: gallery.EventSignedOut, UserID: l.users[name].ID})
		return nil
	})
}

// run tells as the curator's relay does: at once what happened here, and every
// half a second what nobody has told for five.
func (c *clerk) run(ctx context.Context) error {
	sweep := time.NewTicker(450 * time.Millisecond)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
			c.tell(ctx, c.take())
		case <-sweep.C:
			c.tell(ctx, c.adopt())
		}
	}
}

func (c *clerk) take() []gallery.Event {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	queue := c.queue
	c.queue = nil
	return queue
}

// adopt claims what is the node's own and failed, and what is anybody's.
func (c *clerk) adopt() (events []gallery.Event) {
	l := c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.rows {
		queued := slices.ContainsFunc(c.queue, func(e gallery.Event) bool { return e.ID == r.event.ID })
		if !queued && (r.node == c.node || time.Since(r.claimed) > 5*time.Second) {
			r.node, r.claimed = c.node, time.Now()
			events = append(events, r.event)
		}
	}
	return events
}

func (c *clerk) tell(ctx context.Context, events []gallery.Event) {
	for _, e := range events {
		if ctx.Err() != nil || c.say(ctx, e) != nil {
			continue
		}
		c.ledger.mu.Lock()
		c.ledger.rows = slices.DeleteFunc(c.ledger.rows, func(r *row) bool { return r.event.ID == e.ID })
		c.ledger.mu.Unlock()
	}
}

func (c *clerk) say(ctx context.Context, e gallery.Event) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	switch e.Kind {
	case gallery.EventArtworkRevealed:
		return c.events.NotifyArtworkRevealed(ctx, e.Artwork, e.Notification)
	case gallery.EventNewComment:
		return c.events.NotifyNewComment(ctx, e.Notification)
	case gallery.EventSystemMessage:
		return c.events.BroadcastSystemMessage(ctx, e.Announcement)
	case gallery.EventArtworkDeleted:
		return c.events.ArtworkDeleted(ctx, e.Artwork.ID)
	default:
		return c.events.SignedOut(ctx, e.UserID)
	}
}

// What the sockets ask.

func (c *clerk) Authenticate(_ context.Context, credential auth.Credential) (auth.Identity, error) {
	if credential.IsZero() {
		return auth.Identity{}, nil
	}
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	s, err := c.ledger.standing(credential.Value)
	if err != nil {
		return auth.Identity{}, err
	}
	return auth.Identity{User: s.user, SessionID: credential.Value, ExpiresAt: s.expires}, nil
}

func (c *clerk) Reauthenticate(_ context.Context, who auth.Identity) error {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	_, err := c.ledger.standing(who.SessionID)
	return err
}

func (c *clerk) Enter(string, auth.Identity) (leave func()) { return func() {} }

func (c *clerk) ArtworkState(_ context.Context, id string) (gallery.ArtworkState, error) {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	h, err := c.ledger.find(id)
	if err != nil {
		return gallery.ArtworkState{}, err
	}
	return h.ArtworkState, nil
}

func (c *clerk) InboxHead(_ context.Context, userID string) (int64, error) {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	return int64(len(c.ledger.boxes[userID])), nil
}

func (c *clerk) InboxAfter(_ context.Context, userID string, after int64, limit int) ([]gallery.Notification, error) {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	return page(c.ledger.boxes[userID], after, limit), nil
}

func (c *clerk) AnnouncementHead(context.Context) (int64, error) {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	return int64(len(c.ledger.announced)), nil
}

func (c *clerk) AnnouncementsAfter(_ context.Context, after int64, limit int) ([]gallery.Announcement, error) {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	return page(c.ledger.announced, after, limit), nil
}

func (c *clerk) MarkReadUpTo(context.Context, string, int64) (int64, error) { return 0, nil }

func page[T any](list []T, after int64, limit int) []T {
	list = list[min(after, int64(len(list))):]
	return slices.Clone(list[:min(limit, len(list))])
}
