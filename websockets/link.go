package websockets

// link moves the bytes of one connection. There are two: polled, where the
// system tells one goroutine which of thousands of sockets are ready, and
// goroutineLink, which has a goroutine wait at each, for everything else.
//
// What a link reads it hands to Conn.receive until the connection is not open
// any more; then it calls Handler.Closed once, drops what still comes, and lets
// go of the descriptor as Conn.endBy and the phase say.
//
// All methods but start are called with the connection's lock held.
type link interface {
	// start begins to read. early are bytes that came together with the
	// handshake. Nothing is read, and Closed is not called, before it.
	start(early []byte)
	// tryWrite writes what is taken without waiting, which may be nothing.
	tryWrite(p []byte) (n int, err error)
	// slow is told that something waits: Conn.queue, which has just been made.
	slow()
	// closing is told that the phase is not open any more, whatever it is now.
	closing()
	// said is told that the close frame is out, and with it the last byte.
	said()
	// broken is told that nothing can be said any more.
	broken()
	// discard has the kernel drop at once what it still holds for the peer.
	discard()
}
