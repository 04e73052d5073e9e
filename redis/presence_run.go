package redis

import (
	"context"
	"strconv"
	"sync"
	"time"
)

const (
	// tellers is how many rooms are told of at a time. Their commands share a
	// connection and travel together.
	tellers = 8
	// beatTicks is how many ticks make a beat: the rooms of a node are spread
	// over it by when somebody came. A room that Redis was not told of is tried
	// again after retryTicks.
	beatTicks, retryTicks = 16, 2
	// farewell is how long a node that ends takes to tell that its people are
	// gone. What it does not get to, its leases end.
	farewell = time.Second
)

// Run tells Redis who is before the works of this node until ctx ends, and then
// that nobody is any more. It returns nil, and may be called once. The client
// must be running.
func (p *Presence) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for range tellers {
		all.Go(func() { p.tellRooms(ctx) })
	}
	every := time.NewTicker(p.beat / beatTicks)
	defer every.Stop()
	for ctx.Err() == nil {
		select {
		case <-every.C:
			p.tick()
		case <-ctx.Done():
		}
	}
	all.Wait()
	p.bid(context.WithoutCancel(ctx))
	return nil
}

// enqueue has a room told of soon. The caller holds the lock.
func (p *Presence) enqueue(r *room) {
	switch r.phase {
	case roomTells:
		r.again = true
	case roomRests:
		if p.drop(r) {
			return
		}
		r.phase = roomWaits
		p.queue = append(p.queue, r)
		select {
		case p.wake <- struct{}{}:
		default: // every teller has something to do, and looks again after it
		}
	}
}

// drop forgets a room that is empty. The caller holds the lock.
func (p *Presence) drop(r *room) bool {
	if !r.isEmpty() {
		return false
	}
	delete(p.rooms, r.artworkID)
	return true
}

// tick has those rooms told of whose time has come.
func (p *Presence) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ticks++
	for _, r := range p.rooms {
		if r.phase == roomRests && r.due <= p.ticks {
			p.enqueue(r)
		}
	}
}

// tellRooms is one teller.
func (p *Presence) tellRooms(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		for r := p.next(); r != nil && ctx.Err() == nil; r = p.next() {
			for again := true; again && ctx.Err() == nil; {
				again = p.tellRoom(ctx, r)
			}
		}
	}
}

// next takes a room from the queue.
func (p *Presence) next() *room {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return nil
	}
	r := p.queue[0]
	p.queue[0] = nil // or the array would keep it
	p.queue = p.queue[1:]
	r.phase = roomTells
	return r
}

// tellRoom tells Redis of a room, or of a part of it; again when there is more.
func (p *Presence) tellRoom(ctx context.Context, r *room) (again bool) {
	p.mu.Lock()
	n := r.collect()
	grown := r.grown
	r.grown, r.again = false, false
	silent := !r.said && !r.doubt && len(n.come) == 0 && n.anonymous == 0 // who came has left again
	p.mu.Unlock()

	var taken bool
	var err error
	if !silent {
		taken, err = p.send(ctx, r.artworkID, n)
	}

	p.mu.Lock()
	rise := grown
	switch {
	case silent:
	case err != nil:
		r.said, r.doubt = true, true
		r.lost(n)
	case !taken:
		r.said = true
		r.anew()
		// Whatever was counted without this node's people is counted again.
		r.doubt = true
	default:
		r.told(n)
		if len(r.changed) == 0 {
			rise = rise || r.doubt
			r.doubt = false
		}
		rise = rise || len(n.come) > 0
	}
	again = err == nil && (r.again || len(r.changed) > 0)
	if !again {
		p.rest(r, err != nil)
	}
	p.mu.Unlock()
	if rise {
		p.rise(r.artworkID) // without the lock, under which fn might ask for the crowd
	}
	return again
}

// rest ends the telling of a room. The caller holds the lock.
func (p *Presence) rest(r *room, failed bool) {
	r.phase, r.due = roomRests, p.ticks+beatTicks
	if failed {
		r.due = p.ticks + retryTicks
	}
	p.drop(r)
}

// send tells Redis the news; taken is false when it must be told all anew.
func (p *Presence) send(ctx context.Context, artworkID string, n news) (taken bool, err error) {
	keys := p.keys(artworkID)
	fresh := "0"
	if n.fresh {
		fresh = "1"
	}
	args := make([]string, 0, 8+len(n.come)+len(n.gone))
	args = append(args, keys.sets, p.node, millis(p.lease), millis(presenceLives*p.lease), fresh,
		strconv.Itoa(n.known), strconv.FormatInt(n.anonymous, 10), strconv.Itoa(len(n.come)))
	args = append(append(args, n.come...), n.gone...)
	answer, err := p.client.script(ctx, p.tell, append(keys.shared(), keys.sets+p.node), args).AsInt64()
	return answer == 1, err
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// bid tells Redis that the node's people are gone, as far as it gets.
func (p *Presence) bid(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	p.mu.Lock()
	works := make(chan string, len(p.rooms))
	for id, r := range p.rooms {
		if r.said {
			works <- id
		}
	}
	p.mu.Unlock()
	close(works)
	var all sync.WaitGroup
	for range tellers {
		all.Go(func() {
			for id := range works {
				if ctx.Err() != nil {
					return
				}
				_, _ = p.send(ctx, id, news{fresh: true}) // a lease that ends says the same
			}
		})
	}
	all.Wait()
}
