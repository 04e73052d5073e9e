package websockets

import (
	"time"

	"golang.org/x/time/rate"
)

// frameRate limits how many frames a peer sends. It is the one number of the
// generic cell rate algorithm instead of a rate.Limiter, because every idle
// connection carries it: the time, on the engine's clock, at which all frames
// so far would have come had they kept exactly to the rate.
type frameRate time.Duration

// fragmentsInAFrame is how many continuation frames count as one other frame.
// A client may cut its messages as small as it likes, and their bytes are
// limited anyway; what remains to be limited is fragments without any.
const fragmentsInAFrame = 64

// allow counts a frame and tells whether it is within the rate.
func (f *frameRate) allow(limit rate.Limit, burst int, now time.Duration, fragment bool) bool {
	each := time.Duration(float64(time.Second) / float64(limit))
	cost := each
	if fragment {
		cost /= fragmentsInAFrame
	}
	due := max(time.Duration(*f), now) + cost
	if due-now > time.Duration(burst)*each {
		return false
	}
	*f = frameRate(due)
	return true
}
