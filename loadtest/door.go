package loadtest

import (
	"net/http"
	"time"
)

// door keeps what becomes of the handshakes of a swarm: who is tried again and
// when, who was given up, what the callbacks are told. Both engines have one;
// it is not safe for concurrent use.
type door struct {
	swarm    *Swarm
	queue    queue
	greeting greeting
	tries    []uint16 // failed and refused handshakes since the socket was last open
	settled  []bool
}

func newDoor(s *Swarm) *door {
	c := s.config
	return &door{
		swarm:    s,
		queue:    queue{sockets: c.Sockets, rate: c.Rate, inFlight: c.InFlight},
		greeting: newGreeting(c),
		tries:    make([]uint16, c.Sockets),
		settled:  make([]bool, c.Sockets),
	}
}

// next is queue.next, counted.
func (d *door) next(now int64) (socket int, wait time.Duration) {
	socket, wait = d.queue.next(now)
	if socket >= 0 {
		d.swarm.tally.started.Add(1)
	}
	return socket, wait
}

func (d *door) settle(socket int) {
	if !d.settled[socket] {
		d.settled[socket] = true
		d.swarm.settle()
	}
}

// opened takes note of a handshake that succeeded.
func (d *door) opened(socket int, at int64, took time.Duration) {
	d.queue.done()
	t := d.swarm.tally
	t.opened.Add(1)
	t.open.Add(1)
	if d.tries[socket] > 0 {
		t.attempts(int(d.tries[socket]))
		d.tries[socket] = 0
	}
	if f := d.swarm.config.OnOpen; f != nil {
		f(socket, at, took)
	}
	d.settle(socket)
}

// refused takes note of another answer than 101.
func (d *door) refused(socket int, a answer, now int64) {
	d.queue.done()
	d.swarm.tally.refuse(a.status)
	if f := d.swarm.config.OnRefused; f != nil {
		f(socket, a.status, max(0, a.retryAfter))
	}
	passing := a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests
	d.again(socket, passing, a.retryAfter, now)
}

// failed takes note of a handshake without a proper answer.
func (d *door) failed(socket int, err error, now int64) {
	d.queue.done()
	d.swarm.tally.fail(err)
	d.again(socket, true, -1, now)
}

func (d *door) again(socket int, worthIt bool, after time.Duration, now int64) {
	d.tries[socket]++
	d.swarm.tally.attempts(int(d.tries[socket]))
	if !worthIt || int(d.tries[socket]) > d.swarm.config.Retries || d.tries[socket] == ^uint16(0) {
		d.swarm.tally.givenUp.Add(1)
		d.settle(socket)
		return
	}
	if after < 0 {
		after = pause(int(d.tries[socket]) - 1)
	}
	d.queue.retry(socket, now, after)
}

// closed takes note of the end of an open socket that was not ours.
func (d *door) closed(socket int, c Closed) {
	d.swarm.tally.close(c.Code)
	if f := d.swarm.config.OnClose; f != nil {
		f(socket, c)
	}
	if d.swarm.config.Reopen {
		d.queue.retry(socket, c.At, pause(0))
	}
}
