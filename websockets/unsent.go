//go:build linux || darwin

package websockets

import "golang.org/x/sys/unix"

// unsentLimit is how many bytes the kernel holds for a peer beyond what is on
// its way, before it says that it takes no more.
const unsentLimit = 128 << 10

// limitUnsent keeps what a stalled peer costs where it is counted. Left alone,
// the kernel takes up to 4 MiB of its own memory for each, finds it out so much
// later, and has the close frame queue behind all that.
func limitUnsent(fd int) {
	// A kernel or a socket that does not know the option does as it always did.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentLimit)
}
