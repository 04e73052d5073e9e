package gallerytest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

// follower is a client as the example client is: one socket that is opened
// again when it was lost, and goes on where it was.
type follower struct {
	name string // for messages
	path func(since int64) string

	stop  chan struct{}
	ended sync.WaitGroup

	mu       sync.Mutex
	sessions []*session
	refused  map[int]int // handshakes by their status, 0 for none
}

// session is one life of a follower's socket.
type session struct {
	*gallerytest.Socket
	since  int64
	dialed time.Time
}

// followWork watches an artwork on a node.
func followWork(name string, h gallerytest.House, id string) *follower {
	return follow(name, h, func(int64) string { return "/ws/artwork/" + id + "/" })
}

// followInbox listens to a person's notifications on a node, from the first.
func followInbox(name string, h gallerytest.House, p *gallerytest.Person) *follower {
	return follow(name, h, func(since int64) string {
		return fmt.Sprintf("/ws/notifications/?since=%d&token=%s", since, p.Access)
	})
}

// follow does not wait for the first socket: the node may be dead. Whoever
// calls it calls end.
func follow(name string, h gallerytest.House, path func(int64) string) *follower {
	f := &follower{name: name, path: path, stop: make(chan struct{}), refused: map[int]int{}}
	f.ended.Go(func() { f.run(h) })
	return f
}

// await waits for something to be so, and tells what is missing when it never
// is.
func await(t *testing.T, what string, patience time.Duration, is func() (missing string)) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		missing := is()
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s: %s", patience, what, missing)
		}
	}
}

// opened waits for the first socket.
func (f *follower) opened(t *testing.T) *follower {
	t.Helper()
	await(t, f.name, gallerytest.Patience, func() string {
		if len(f.lives()) == 0 {
			return "no socket; handshakes by status: " + f.refusals()
		}
		return ""
	})
	return f
}

func (f *follower) run(h gallerytest.House) {
	var since int64
	for {
		dialed := time.Now()
		socket, status, err := h.TryDial(f.path(since))
		if err != nil {
			f.mu.Lock()
			f.refused[status]++
			f.mu.Unlock()
			select {
			case <-f.stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		f.mu.Lock()
		f.sessions = append(f.sessions, &session{socket, since, dialed})
		f.mu.Unlock()
		select {
		case <-f.stop:
			socket.Close()
			return
		case <-socket.Done():
			socket.Close()
		}
		for _, m := range socket.Log() {
			since = max(since, m.Seq)
		}
	}
}

// end closes the socket for good. What it was told stays.
func (f *follower) end() {
	f.mu.Lock()
	select {
	case <-f.stop:
	default:
		close(f.stop)
	}
	f.mu.Unlock()
	f.ended.Wait()
}

// lives are the follower's sessions so far.
func (f *follower) lives() []*session {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*session(nil), f.sessions...)
}

// told is what each socket was told so far.
func (f *follower) told() (lives []life) {
	for _, s := range f.lives() {
		lives = append(lives, life{s.since, s.dialed, s.Log()})
	}
	return lives
}

// report fails the test with what broke a promise.
func (f *follower) report(t *testing.T, broken faults) {
	t.Helper()
	if len(broken) > 0 {
		t.Errorf("%s: %s\n(its %s)", f.name, strings.Join(broken, "\n"), f.account())
	}
}

// last is the session of now, or the last one; nil before the first.
func (f *follower) last() *session {
	lives := f.lives()
	if len(lives) == 0 {
		return nil
	}
	return lives[len(lives)-1]
}

func (f *follower) refusals() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprint(f.refused)
}

// knew is when the work's reveal reached the client, live or as its status;
// zero when it has not.
func (f *follower) knew() time.Time {
	for _, s := range f.lives() {
		for _, m := range s.Log() {
			if m.IsRevealed || m.Type == "artwork_revealed" {
				return m.Received
			}
		}
	}
	return time.Time{}
}

func (f *follower) knows() bool { return !f.knew().IsZero() }

// seq is the last notification that reached the client.
func (f *follower) seq() (last int64) {
	for _, s := range f.lives() {
		for _, m := range s.Log() {
			last = max(last, m.Seq)
		}
	}
	return last
}

// settle has the open socket of a work answer: what was sent before is here.
func (f *follower) settle(t *testing.T) {
	t.Helper()
	if last := f.last(); last != nil && last.IsOpen() {
		last.Settle(t)
	}
}

// account is what happened to the last socket, in few words.
func (f *follower) account() string {
	s := f.last()
	if s == nil {
		return "no socket; handshakes by status: " + f.refusals()
	}
	log := s.Log()
	state := "open"
	if !s.IsOpen() {
		state = fmt.Sprintf("closed with %d", s.CloseCode())
	}
	last := "nothing"
	if len(log) > 0 {
		last = log[len(log)-1].Raw
	}
	return fmt.Sprintf("socket %d was opened at %s, is %s, has %d messages, the last %s",
		len(f.lives())-1, s.dialed.Format("15:04:05.000"), state, len(log), last)
}
