package websockets

import "golang.org/x/sys/unix"

// Polled tells whether a poller reads the connection.
func (c *Conn) Polled() bool { _, ok := c.link.(*polledLink); return ok }

// FindsSeated tells whom a poller calls for events of three turns at one seat,
// of which the second is the present one.
func FindsSeated() (past, present, future bool) {
	p := &poller{seats: []seat{{link: new(polledLink), turn: 1}}}
	found := func(turn int32) bool {
		return len(p.seated(nil, []unix.EpollEvent{{Fd: 0, Pad: turn}})) == 1
	}
	return found(0), found(1), found(2)
}
