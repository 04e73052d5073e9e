// Package websockets is the specification's module of that name: everything
// that is pushed to somebody. What goes over the wire is in docs/protocol.md,
// "Sockets"; here is how it comes there.
//
// The parts have the names of the original:
//
//	ArtworkConsumer       /ws/artwork/<artwork_id>/: how a work stands, its reveal
//	NotificationConsumer  /ws/notifications/: one user's inbox, system messages
//	JWTAuthMiddleware     who opens the socket
//	EventHandler          WebSocketEventHandler: notify_artwork_revealed,
//	                      notify_new_comment, notify_new_view and
//	                      broadcast_system_message
//	pubsub.Broker         the channel layer
//
// Below them is our own what Django Channels would bring along: a hub, with one
// group and one subscription for each channel that somebody listens to, and an
// [Engine], which makes a [Conn] of a request, speaks RFC 6455 on it and knows
// nothing of galleries.
//
// # Building one
//
//	server, err := websockets.NewServer(g, broker, websockets.Settings{Origin: policy})
//	events := websockets.NewEventHandler(broker) // for whoever commits what happens
//	go server.Run(ctx)                           // its owner waits for it
//	mux.Handle("/ws/", server)
//
// g is the [Gallery] that the sockets ask; the curator is one. Nodes that share a
// broker hear each other's events.
//
// # The life of a socket
//
// The handshake passes the doors of [Server], the cheap ones first: its form,
// Host and Origin, the limits of its address, the credential, those of its user.
// The consumer then joins its groups, waits until the broker has acknowledged,
// and only then reads where the store stands; what is published meanwhile waits
// for the connection. A refusal up to here has a real HTTP status. After the
// upgrade one goroutine reads the socket and calls the consumer's Message, and
// whoever publishes writes to it without waiting; a second goroutine exists only
// while the peer is slow. A socket that has fallen behind what it was told of,
// or asks for ?since=, is caught up from the store by an errand. Closed gives
// back the places in the groups and the limits, and comes exactly once. From the
// upgrade until then an artwork socket counts as one of those before the work: as
// its person's while what opened it holds, as an anonymous one after that.
//
// # What is guaranteed
//
// Each socket of a work hears its reveal once, by an artwork_revealed or by the
// first artwork_status, and nothing takes it back. Each notifications socket
// hears each entry of the inbox once and in the order of seq, as long as the
// store keeps it. Events may therefore be told twice, late, or be lost with a
// subscription that is announced anew: the store is asked. While it is away the
// sockets stay and the question waits; a notifications socket whose credential
// is in question hears nothing until then. A store that answers with a fault
// closes the socket with 1013, so that the client comes back, and is not left
// with something that may be wrong. Nobody who publishes ever waits for a
// socket, and a credential that has ended closes what it had opened.
//
// # What is not
//
// There is no order between two works or two users, nor between an event and the
// answer to the request that caused it. What the kernel took may die with the
// connection: clients come back with since. And what a broker loses in silence,
// without an error, a gap in seq or a Resubscribed, nobody here misses.
//
// # Lock order
//
// From left to right, and none is held while the store or the broker is asked.
// group.mu is given back before a member is called, Conn.mu before a [Handler]
// is.
//
//	hub.mu → group.mu
//	resync.mu → crew.mu
//	visit.mu → errand.mu → crew.mu
//	visit.mu → Conn.mu → pulse.mu
//	visit.mu → the locks of Gallery.Enter
package websockets
