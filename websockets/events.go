package websockets

import (
	"context"
	"errors"
	"fmt"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/pubsub"
)

// EventHandler is the specification's WebSocketEventHandler, and the only way
// anything reaches a socket. It is called after the commit of what it tells,
// by the relay, and may be called twice for the same event: sockets say
// everything once. An error means that somebody may not have been told; the
// same call may be made again. Safe for concurrent use.
type EventHandler struct {
	broker pubsub.Broker
}

// NewEventHandler makes an EventHandler that publishes through b.
func NewEventHandler(b pubsub.Broker) *EventHandler { return &EventHandler{broker: b} }

// NotifyArtworkRevealed is notify_artwork_revealed: it tells everybody who
// watches the artwork, then its artist. The watchers come first because they
// are many and because they are who the moment is for; a failure of one is no
// reason to keep it from the other.
func (h *EventHandler) NotifyArtworkRevealed(ctx context.Context, a gallery.ArtworkState, n gallery.Notification) error {
	watchers := h.publish(ctx, artworkChannel(a.ID), envelope{
		Kind: gallery.EventArtworkRevealed, Message: revealedMessage(a),
	})
	return errors.Join(watchers, h.notify(ctx, gallery.EventArtworkRevealed, n))
}

// NotifyNewComment is notify_new_comment: it tells the artist of a comment by
// somebody else.
func (h *EventHandler) NotifyNewComment(ctx context.Context, n gallery.Notification) error {
	return h.notify(ctx, gallery.EventNewComment, n)
}

// NotifyNewView is notify_new_view: it tells the artist that the views of an
// artwork have reached a milestone.
func (h *EventHandler) NotifyNewView(ctx context.Context, n gallery.Notification) error {
	return h.notify(ctx, gallery.EventNewView, n)
}

// BroadcastSystemMessage is broadcast_system_message: it tells everybody who
// has a notifications socket open.
func (h *EventHandler) BroadcastSystemMessage(ctx context.Context, a gallery.Announcement) error {
	return h.publish(ctx, systemChannel, envelope{
		Kind: gallery.EventSystemMessage, Seq: a.Number, Message: announcementMessage(a),
	})
}

// ArtworkDeleted ends the sockets of an artwork that is gone, with 4404.
func (h *EventHandler) ArtworkDeleted(ctx context.Context, artworkID string) error {
	return h.publish(ctx, artworkChannel(artworkID), envelope{Kind: gallery.EventArtworkDeleted})
}

// SignedOut has every open socket of the user asked whether what opened it
// still holds. It does not say what ended: the store knows.
func (h *EventHandler) SignedOut(ctx context.Context, userID string) error {
	return h.publish(ctx, userChannel(userID), envelope{Kind: gallery.EventSignedOut})
}

// Reach publishes a message that nobody hears, and so tells whether the broker
// can be reached.
func (h *EventHandler) Reach(ctx context.Context) error {
	if err := h.broker.Publish(ctx, reachChannel, nil); err != nil {
		return fmt.Errorf("reach the broker: %w", err)
	}
	return nil
}

// notify publishes an entry of somebody's inbox.
func (h *EventHandler) notify(ctx context.Context, kind gallery.EventKind, n gallery.Notification) error {
	return h.publish(ctx, userChannel(n.RecipientID), envelope{
		Kind: kind, Seq: n.Seq, Message: notificationMessage(n),
	})
}

func (h *EventHandler) publish(ctx context.Context, channel string, e envelope) error {
	if err := h.broker.Publish(ctx, channel, encode(e)); err != nil {
		return fmt.Errorf("tell of %s: %w", e.Kind, err)
	}
	return nil
}
