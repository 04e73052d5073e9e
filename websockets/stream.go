package websockets

import (
	"context"

	"invisibleart.example/gallery"
)

// source is a numbered list in the store that sockets follow: a user's inbox,
// or the announcements.
type source interface {
	// head is the newest number, 0 before the first.
	head(ctx context.Context) (int64, error)
	// after lists up to limit entries with a number above after, ascending.
	after(ctx context.Context, after int64, limit int) ([]entry, error)
}

type entry struct {
	seq   int64
	frame Frame
}

// stream is where one socket stands in a source: it has said everything up to
// last, nothing above it, and each thing once. It is guarded by its consumer's
// lock.
//
// Live, it says the next one as it is told of it. What is not the next one —
// two publishers overtook each other, a message was lost — ends the live state:
// the entries are then read from the store until wanted is reached, and what is
// told meanwhile only raises wanted.
type stream struct {
	source source
	last   int64
	wanted int64 // the highest number that is known of
	live   bool
}

// hear takes an event. say tells to send its frame now; behind that the stream
// has just stopped being live and must be caught up.
func (st *stream) hear(e event) (say, behind bool) {
	switch {
	case e.seq <= st.last: // said before: told twice, or read from the store
		return false, false
	case st.live && e.seq == st.last+1 && e.frame.Len() > 0:
		st.last = e.seq
		return true, false
	}
	st.wanted = max(st.wanted, e.seq)
	behind, st.live = st.live, false
	return false, behind
}

// replayPage is how many entries are read at a time: of the longest
// announcements still less than the queue of a socket holds in bytes.
const replayPage = 50

// catchUp says what is missing, page by page as the socket drains, until the
// stream is live or the connection is gone. One call at a time.
func (c *NotificationConsumer) catchUp(ctx context.Context, st *stream) error {
	for {
		from, wanted := c.standing(st)
		if from >= wanted {
			return nil
		}
		if err := c.conn.Drain(ctx); err != nil {
			return nil // the connection is gone, and with it who would listen
		}
		page, err := c.server.page(ctx, st.source, from)
		if err != nil {
			return err
		}
		for _, e := range page {
			if !c.say(st, e) {
				return nil
			}
			from = e.seq
		}
		if len(page) < replayPage && from < wanted {
			if err := c.settleGap(ctx, st, wanted); err != nil {
				return err
			}
		}
	}
}

// standing is where the stream is and where it has to get; once it is there it
// is live again, under the same lock, so that no event falls between. In doubt
// whether the visitor may hear more, it has nowhere to get.
func (c *NotificationConsumer) standing(st *stream) (last, wanted int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inDoubt {
		return st.last, st.last
	}
	if st.last >= st.wanted {
		st.live = true
	}
	return st.last, st.wanted
}

// say sends an entry of the store; false when it may not be sent, or the
// connection is gone. Nobody else moves a stream that is not live, so it is
// above the last one; it need not be the next, for what the retention has purged
// is not waited for.
func (c *NotificationConsumer) say(st *stream, e entry) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inDoubt {
		return false
	}
	st.last = e.seq
	return c.conn.Send(e.frame)
}

// settleGap deals with entries up to wanted that the store does not have,
// though it was read after they were told of. Where its head is as high they
// have been purged and are passed over. Where it is not, they were never there,
// and the claim is dropped: believing it would silence the socket for all that
// is still to come.
func (c *NotificationConsumer) settleGap(ctx context.Context, st *stream, wanted int64) error {
	var head int64
	err := c.server.persist(ctx, func(ctx context.Context) (err error) {
		head, err = st.source.head(ctx)
		return err
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case head >= wanted:
		st.last = max(st.last, wanted)
	case st.wanted == wanted:
		st.wanted = max(st.last, head)
	}
	return nil
}

// page reads the next entries.
func (s *Server) page(ctx context.Context, from source, after int64) (page []entry, err error) {
	err = s.persist(ctx, func(ctx context.Context) (err error) {
		page, err = from.after(ctx, after, replayPage)
		return err
	})
	return page, err
}

// inbox is the source of a user's notifications.
type inbox struct {
	gallery Gallery
	userID  string
}

func (i inbox) head(ctx context.Context) (int64, error) { return i.gallery.InboxHead(ctx, i.userID) }

func (i inbox) after(ctx context.Context, after int64, limit int) ([]entry, error) {
	list, err := i.gallery.InboxAfter(ctx, i.userID, after, limit)
	return entries(list, err, func(n gallery.Notification) entry {
		return entry{n.Seq, TextFrame(notificationMessage(n))}
	})
}

// announcements is the source of the system messages.
type announcements struct{ gallery Gallery }

func (a announcements) head(ctx context.Context) (int64, error) {
	return a.gallery.AnnouncementHead(ctx)
}

func (a announcements) after(ctx context.Context, after int64, limit int) ([]entry, error) {
	list, err := a.gallery.AnnouncementsAfter(ctx, after, limit)
	return entries(list, err, func(n gallery.Announcement) entry {
		return entry{n.Number, TextFrame(announcementMessage(n))}
	})
}

func entries[T any](list []T, err error, frame func(T) entry) ([]entry, error) {
	page := make([]entry, len(list))
	for i, item := range list {
		page[i] = frame(item)
	}
	return page, err
}
