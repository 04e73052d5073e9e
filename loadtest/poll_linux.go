package loadtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const hasEpoll = true

// poll serves all sockets from one goroutine: edge-triggered epoll, one read per
// message into one buffer, nothing allocated while whole frames come.
type poll struct {
	swarm  *Swarm
	door   *door
	target target
	remote unix.Sockaddr
	epoll  int
	bell   int // eventfd, rung when ctx ends

	sockets []pollSocket
	flights []flight // handshakes under way, in the order of their deadlines
	buffer  []byte
	current int // the socket whose stream is being fed
	at      int64

	// mu guards what Send and Stall, which anybody calls, share with the loop:
	// the state and the descriptor of a socket (the loop alone changes them, so
	// it reads them without) and what is unsent.
	mu sync.Mutex
}

// The states of a socket.
const (
	idle       byte = iota // not connected: has not begun, is to be tried again, or is over
	connecting             // until the kernel says that it is connected
	asking                 // until the answer to the handshake is read
	open
	leaving // we have sent our close frame at the end of the run
)

type pollSocket struct {
	fd      int32
	state   byte
	stalled atomic.Bool
	waiting atomic.Bool // something is unsent
	stamped bool        // the kernel stamps what arrives
	turn    uint32      // counts connections: an event of an earlier one is not ours
	stream  stream
	unsent  []byte
	began   int64 // of the handshake
}

type flight struct {
	socket   int
	turn     uint32
	deadline int64
}

func newPoll(s *Swarm, t target) engine {
	return &poll{
		swarm: s, door: newDoor(s), target: t, remote: sockaddr(t.to),
		sockets: make([]pollSocket, s.config.Sockets),
		buffer:  make([]byte, 64<<10),
	}
}

// prepare makes the poller and the bell.
func (p *poll) prepare() (err error) {
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("make a poller: %w", err)
	}
	if p.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return errors.Join(fmt.Errorf("make a bell: %w", err), unix.Close(p.epoll))
	}
	err = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.bell, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: bellEvent})
	if err != nil {
		return errors.Join(fmt.Errorf("hang the bell: %w", err), unix.Close(p.bell), unix.Close(p.epoll))
	}
	return nil
}

// bellEvent marks an event of the bell where others have the number of a socket.
const bellEvent = -1

// run is the loop. It keeps a thread of its own, so that its wait for the
// processor can be told from that of others.
func (p *poll) run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.prepare(); err != nil {
		return err
	}
	rung := make(chan struct{})
	unring := context.AfterFunc(ctx, func() {
		defer close(rung)
		unix.Write(p.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // it is never full
	})
	defer func() {
		if !unring() {
			<-rung // else it might ring a descriptor that is somebody else's by then
		}
		p.release()
	}()

	events := make([]unix.EpollEvent, 512)
	tally := p.swarm.tally
	woke := Now()
	var leaveBy int64
	for {
		wait := -1
		if ctx.Err() == nil {
			wait = p.advance()
		} else {
			if leaveBy == 0 {
				leaveBy = Now() + int64(goodbyePatience)
				p.leave()
			}
			left := leaveBy - Now()
			if left <= 0 || p.swarm.tally.open.Load() == 0 {
				return nil
			}
			wait = milliseconds(time.Duration(left))
		}
		round := Now() - woke
		tally.busy.Add(round)
		if round > tally.longest.Load() {
			tally.longest.Store(round)
		}
		n, err := unix.EpollWait(p.epoll, events, wait)
		woke = Now()
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for sockets: %w", err)
		}
		for _, event := range events[:max(n, 0)] {
			if event.Fd != bellEvent {
				p.handle(int(event.Fd), uint32(event.Pad), event.Events)
			}
		}
	}
}

// advance begins the handshakes that are due and ends those that took too long.
// It returns how long to wait for events, in ms, -1 for ever.
func (p *poll) advance() int {
	now := Now()
	for len(p.flights) > 0 {
		f := p.flights[0]
		s := &p.sockets[f.socket]
		flying := s.turn == f.turn && (s.state == connecting || s.state == asking)
		if flying && f.deadline > now {
			break
		}
		p.flights = p.flights[1:]
		if flying {
			p.fail(f.socket, fmt.Errorf("no answer to the handshake within %v", p.swarm.config.Patience))
		}
	}
	wait := time.Duration(-1)
	for {
		var socket int
		if socket, wait = p.door.next(Now()); socket < 0 {
			break
		}
		p.connect(socket)
	}
	if len(p.flights) > 0 {
		if left := time.Duration(p.flights[0].deadline - now); wait < 0 || left < wait {
			wait = left
		}
	}
	return milliseconds(wait)
}

// milliseconds rounds up, so that a wait never ends just before its time.
func milliseconds(d time.Duration) int {
	if d < 0 {
		return -1
	}
	return int((d + time.Millisecond - 1) / time.Millisecond)
}

// release closes everything at the end of run.
func (p *poll) release() {
	for i := range p.sockets {
		p.drop(i)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	unix.Close(p.epoll)
	unix.Close(p.bell)
}
