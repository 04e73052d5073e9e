package curator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"invisibleart.example/gallery"
)

// tellAll tells events in their order that were claimed at a time, or each when
// it was made if that is zero. It gives up when the broker seems to be away, and
// leaves out what may be another node's soon. What it did not tell is released;
// failed are those of it that it tried.
func (r *relay) tellAll(ctx context.Context, events []gallery.Event, claimed time.Time) (untold []gallery.Event, failed map[string]bool) {
	failed = map[string]bool{}
	if r.trouble() != nil {
		// Known to be away: the sweep finds out when it is back, and not every
		// commit of a storm.
		r.release(events)
		return events, failed
	}
	var broken error    // the broker's last failure
	var curious []error // what has not failed before
	inRow, told := 0, 0
	for i, e := range events {
		if inRow == enough || ctx.Err() != nil {
			untold = append(untold, events[i:]...)
			break
		}
		if r.late(e, claimed) {
			untold = append(untold, e)
			continue
		}
		err := r.tell(ctx, e)
		if err == nil {
			inRow = 0
			told++
			if r.told = append(r.told, e.ID); len(r.told) >= deleteBatch {
				r.removeTold(ctx)
			}
			continue
		}
		untold = append(untold, e)
		failed[e.ID] = true
		if !r.failed[e.ID] {
			curious = append(curious, fmt.Errorf("event %s: %w", e.ID, err))
		}
		if !errors.Is(err, errUnknownKind) { // no fault of the broker's
			inRow++
			broken = err
		}
	}
	r.release(untold)
	switch {
	case broken != nil && (inRow == enough || told == 0):
		r.gaveUp(broken)
		r.broker.note(ctx, broken)
	case len(failed) == 0 && told > 0:
		r.broker.note(ctx, nil)
	}
	if r.broker.over() && len(curious) > 0 { // else one line for the broker is enough
		r.c.config.Log.WarnContext(ctx, "events wait to be told", "error", errors.Join(curious...))
	}
	return untold, failed
}

// reach tells whether the broker can be reached. While it is thought to be away
// one message to nobody finds out, whether there is anything to tell or not.
func (r *relay) reach(ctx context.Context) bool {
	if r.trouble() == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, publishDeadline)
	defer cancel()
	err := r.c.config.Events.Reach(ctx)
	r.gaveUp(err)
	return err == nil
}

// late tells whether so much of the time is over in which an event is ours alone
// that it has to be claimed before it is told.
func (r *relay) late(e gallery.Event, claimed time.Time) bool {
	if claimed.IsZero() {
		claimed = e.CreatedAt
	}
	return r.c.instant().Sub(claimed) > grace/2
}

var errUnknownKind = errors.New("the kind of the event is not known; a newer version may have written it")

// tell hands one event to the event handler.
func (r *relay) tell(ctx context.Context, e gallery.Event) error {
	ctx, cancel := context.WithTimeout(ctx, publishDeadline)
	defer cancel()
	handler := r.c.config.Events
	switch e.Kind {
	case gallery.EventArtworkRevealed:
		return handler.NotifyArtworkRevealed(ctx, e.Artwork, e.Notification)
	case gallery.EventNewComment:
		return handler.NotifyNewComment(ctx, e.Notification)
	case gallery.EventNewView:
		return handler.NotifyNewView(ctx, e.Notification)
	case gallery.EventSystemMessage:
		return handler.BroadcastSystemMessage(ctx, e.Announcement)
	case gallery.EventArtworkDeleted:
		return handler.ArtworkDeleted(ctx, e.Artwork.ID)
	case gallery.EventSignedOut:
		return handler.SignedOut(ctx, e.UserID)
	}
	return fmt.Errorf("%s: %w", e.Kind, errUnknownKind)
}
