package curator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// act is a use case inside its transaction: the store, the instant it counts
// as, and what has to be told once it is committed.
type act struct {
	*store.Tx
	now    time.Time     // what the act counts as
	asked  bool          // now is the database's own; see present
	ahead  time.Duration // by which now was ahead of it before
	people int64         // before the one work that the act judges; 0 when it did not ask
	relay  *relay
	notes  []note
	events []gallery.Event
}

// note is a notification without its seq, which is taken last of all.
type note struct {
	kind    gallery.EventKind
	artwork gallery.ArtworkState // for EventArtworkRevealed
	entry   gallery.Notification
}

// write runs one use case in one transaction, and hands what it had to tell to
// the relay once it is committed. fn may run more than once and must not leave
// anything behind outside the act but plain results.
func (c *Curator) write(ctx context.Context, fn func(*act) error) error {
	if c.phase.Load() == ended {
		return unavailable(errors.New("the curator has stopped"))
	}
	a := &act{relay: c.relay}
	err := c.config.DB.Write(ctx, func(tx *store.Tx) error {
		a.relay.release(a.events) // of an attempt that is being repeated
		*a = act{Tx: tx, now: c.instant(), relay: c.relay}
		if err := fn(a); err != nil {
			return err
		}
		return a.sendNotes(ctx)
	})
	if err != nil {
		// After a commit that failed half-way the rows may be there all the
		// same: released, they are the sweep's.
		a.relay.release(a.events)
		return err
	}
	c.relay.offer(a.events)
	return nil
}

// read runs fn on one snapshot.
func (c *Curator) read(ctx context.Context, fn func(*store.Tx) error) error {
	return c.config.DB.Read(ctx, fn)
}

// note has a notification written at the end of the act.
func (a *act) note(kind gallery.EventKind, art gallery.Artwork, message string, data gallery.NotificationData) {
	data.ArtworkID = art.ID
	a.notes = append(a.notes, note{kind: kind, artwork: art.State(), entry: gallery.Notification{
		ID: newID(), RecipientID: art.Artist.ID, Message: message, Data: data, CreatedAt: a.now,
	}})
}

// sendNotes gives the notifications their seq. Recipients are locked after all
// artworks and in the order of their ids, so that two acts that tell several
// artists cannot wait for each other; each recipient's own notes keep their
// order: comment, milestones, reveal.
func (a *act) sendNotes(ctx context.Context) error {
	slices.SortStableFunc(a.notes, func(x, y note) int {
		return strings.Compare(x.entry.RecipientID, y.entry.RecipientID)
	})
	for _, n := range a.notes {
		entry, err := a.Notify(ctx, n.entry)
		if err != nil {
			return fmt.Errorf("notify %s: %w", n.entry.RecipientID, err)
		}
		e := gallery.Event{Kind: n.kind, Notification: entry}
		if n.kind == gallery.EventArtworkRevealed {
			e.Artwork = n.artwork
		}
		if err := a.tell(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// tell writes an outbox row. The relay knows of it before the commit: a sweep
// that comes between the commit and the hand-over must leave it alone.
func (a *act) tell(ctx context.Context, e gallery.Event) error {
	e.ID, e.CreatedAt = newID(), a.now
	a.relay.claim(e.ID)
	a.events = append(a.events, e)
	if err := a.Enqueue(ctx, e, a.relay.c.config.Node); err != nil {
		return fmt.Errorf("enqueue %s: %w", e.Kind, err)
	}
	return nil
}

// signedOut has the user's open sockets asked again who they are.
func (a *act) signedOut(ctx context.Context, userID string) error {
	return a.tell(ctx, gallery.Event{Kind: gallery.EventSignedOut, UserID: userID})
}

// deleted ends the sockets of an artwork.
func (a *act) deleted(ctx context.Context, artworkID string) error {
	return a.tell(ctx, gallery.Event{Kind: gallery.EventArtworkDeleted, Artwork: gallery.ArtworkState{ID: artworkID}})
}

// newID makes a UUIDv7: ids sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() } // fails only without randomness

// canonical reads any spelling of an id. What is no id at all is NotFound: there
// cannot be anything under it (docs/protocol.md, "REST").
func canonical(what, id string) (string, error) {
	parsed, ok := gallery.ParseID(id)
	if !ok {
		return "", gallery.Errorf(gallery.NotFound, "There is no such %s.", what)
	}
	return parsed, nil
}
