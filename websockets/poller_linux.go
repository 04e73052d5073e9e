package websockets

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// eventsAtOnce is how many ready sockets one look may find.
	eventsAtOnce = 256
	// interest is what is announced of a connection: each arrival once.
	interest = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET
)

// poller reads many connections on one goroutine. It has the goroutine, and its
// descriptor, only while there are any.
type poller struct {
	mu      sync.Mutex
	members int           // connections that are added or will be
	seats   []seat        // of those that are added
	free    []int32       // seats that are empty
	file    *os.File      // an epoll instance, nil without members
	fd      int           // of file
	ended   chan struct{} // closed when the goroutine has ended, nil before the first
}

// seat is where a connection sits. A connection may be closed, and its seat
// given to the next one, while an event of the old one is on its way: the turn
// tells them apart.
type seat struct {
	link *polledLink
	turn int32
}

// reserve opens the poller for one more member.
func (p *poller) reserve() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		fd, err := newEpoll()
		if err != nil {
			return err
		}
		p.fd, p.file, p.ended = fd, os.NewFile(uintptr(fd), "epoll"), make(chan struct{})
		go p.run(p.file, p.ended)
	}
	p.members++
	return nil
}

// newEpoll makes an epoll instance that is not blocking, so that the runtime
// takes it into its own poller: waiting for ten thousand sockets then holds no
// thread, and finding one ready costs no switch between two.
func newEpoll() (fd int, err error) {
	fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("make a poller: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("make a poller: %w", err)
	}
	return fd, nil
}

// add has l, for which there is a reservation, read: beginning with what has
// come already. The caller holds l's lock, as for the other two.
func (p *poller) add(l *polledLink) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := int32(len(p.seats))
	if last := len(p.free) - 1; last >= 0 {
		n, p.free = p.free[last], p.free[:last]
	} else {
		p.seats = append(p.seats, seat{})
	}
	p.seats[n].link, l.seat = l, n
	return p.control(unix.EPOLL_CTL_ADD, l)
}

// watch has l called too when the peer takes more, and also if there is already
// something to be read or room to write.
func (p *poller) watch(l *polledLink) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.seat < 0 {
		return nil // add will see to it
	}
	return p.control(unix.EPOLL_CTL_MOD, l)
}

func (p *poller) control(op int, l *polledLink) error {
	event := unix.EpollEvent{Events: interest, Fd: l.seat, Pad: p.seats[l.seat].turn}
	if l.queue != nil || op == unix.EPOLL_CTL_MOD {
		event.Events |= unix.EPOLLOUT
	}
	err := unix.EpollCtl(p.fd, op, int(l.fd), &event)
	return os.NewSyscallError("epoll_ctl", err)
}

// remove ends l's membership, added or not. Closing its descriptor ends the
// registration.
func (p *poller) remove(l *polledLink) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.seat >= 0 {
		s := &p.seats[l.seat]
		s.link, s.turn = nil, s.turn+1
		p.free = append(p.free, l.seat)
		l.seat = -1
	}
	p.release()
}

// release gives a reservation back. The caller holds p.mu.
func (p *poller) release() {
	if p.members--; p.members == 0 {
		p.file.SetReadDeadline(longAgo()) // wakes the goroutine
	}
}

// run is the reading goroutine.
func (p *poller) run(file *os.File, ended chan struct{}) {
	defer close(ended)
	var (
		look  = look{events: make([]unix.EpollEvent, eventsAtOnce)}
		links []*polledLink // whose turn it is
		again []*polledLink // who had more than one turn's worth
		buf   = make([]byte, readSize)
	)
	for {
		if !look.wait(file, len(again) == 0) && !p.goOn(file) {
			return
		}
		links = p.seated(append(links[:0], again...), look.found)
		for _, l := range again {
			l.listed = false
		}
		clear(again) // or the array would keep them from the collector
		again = again[:0]
		for _, l := range links {
			// Who is due again may have had an event too, and is listed once.
			if l.ready(buf) && !l.listed {
				l.listed = true
				again = append(again, l)
			}
		}
		clear(links)
	}
}

// goOn tells the goroutine, which was woken, whether there is somebody again.
func (p *poller) goOn(file *os.File) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.members == 0 {
		file.Close()
		p.file, p.seats, p.free = nil, nil, nil
		return false
	}
	file.SetReadDeadline(time.Time{})
	return true
}

// look is one look after another at who is ready.
type look struct {
	events []unix.EpollEvent
	found  []unix.EpollEvent // by the last look
}

// wait looks, and waits for the first event if it may. It is false when it was
// woken instead.
func (l *look) wait(file *os.File, mayWait bool) bool {
	l.found = nil
	raw, err := file.SyscallConn()
	if err != nil {
		return false
	}
	return nil == raw.Read(func(fd uintptr) bool {
		n, _ := ignoringEINTR(func() (int, error) { return unix.EpollWait(int(fd), l.events, 0) })
		l.found = l.events[:max(n, 0)]
		return n > 0 || !mayWait
	})
}

// seated appends who the events are for.
func (p *poller) seated(links []*polledLink, events []unix.EpollEvent) []*polledLink {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, event := range events {
		if s := p.seats[event.Fd]; s.link != nil && s.turn == event.Pad {
			links = append(links, s.link)
		}
	}
	return links
}
