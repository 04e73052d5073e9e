package websockets

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"invisibleart.example/gallery"
)

const (
	// storeTimeout bounds each try to ask the store for an open socket.
	storeTimeout = 5 * time.Second

	// firstPause and longestPause are the pauses between two tries of one who
	// asks a store that is away. The longest is what a socket may notice of an
	// outage that is over.
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second

	// turnsAtOnce is how many ask again at a time, their pauses included: the
	// more sockets wait for a store that is away the less often each asks, and
	// the one that returns is met by eight at a time and not by ten thousand.
	turnsAtOnce = 8
)

// turns is the queue of those who have met a store that is away. Reads and
// writes have one each: a disk that is full refuses every write for hours, and
// no read must wait for that.
type turns chan struct{}

// persist reads the store on behalf of an open socket until it answers: a
// database that restarts must not cost the gallery its visitors. Each try has 5
// seconds. It returns what ask returned, anything but [gallery.Unavailable] or a
// time that ran out; or, when ctx ends before the outage does, the cause of
// that. ask may run often, and must leave nothing behind when it fails.
func (s *Server) persist(ctx context.Context, ask func(ctx context.Context) error) error {
	return s.persistIn(ctx, s.reading, ask)
}

func (s *Server) persistIn(ctx context.Context, queue turns, ask func(ctx context.Context) error) error {
	// The first try waits for nobody; nearly always it is the only one.
	err := s.attempt(ctx, ask)
	for pause := firstPause; isAway(err); pause = min(2*pause, longestPause) {
		select {
		case queue <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err = s.attempt(ctx, ask); isAway(err) {
			sleep(ctx, pause)
		}
		// Given back after each try: what keeps failing must not hold up others.
		<-queue
	}
	return err
}

var errPanic = errors.New("panic")

// attempt asks once. A panic of the store's must not take the node down with
// it; it becomes an error, which ends the socket that it was for.
func (s *Server) attempt(ctx context.Context, ask func(ctx context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			s.panicked(value, debug.Stack())
			err = fmt.Errorf("%w: %s", errPanic, panicText(value))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return ask(ctx)
}

// isAway tells an outage, which passes, from an answer and from a fault. A store
// that lets the time run out is as away as one that refuses.
func isAway(err error) bool {
	return gallery.CodeOf(err) == gallery.Unavailable || errors.Is(err, context.DeadlineExceeded)
}

// sleep waits out a pause, jittered, else the nodes of a gallery would ask the
// returning store all at the same moment.
func sleep(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause/2 + rand.N(pause/2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
