package websockets

import "sync"

const (
	// pulseSlots is into how many parts the connections are divided, so that
	// the pings are spread over the interval instead of being one burst.
	pulseSlots = 100
	// maxUnanswered is after how many pings without a pong a peer counts as
	// gone.
	maxUnanswered = 2
)

// pulse keeps the connections of an engine and says whose turn it is to be
// pinged: one ticker for all, and none of them owns a timer.
type pulse struct {
	mu    sync.Mutex
	slots [pulseSlots][]*Conn
	next  uint8 // the slot that the next connection joins
	count int
	ended *closeError   // set once: how connections are closed that are still to come
	empty chan struct{} // closed when the last connection leaves, nil when nobody waits
}

// join adds c, and says how to close it when the engine has ended.
func (p *pulse) join(c *Conn) *closeError {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.slot = p.next
	p.next = (p.next + 1) % pulseSlots
	c.place = int32(len(p.slots[c.slot]))
	p.slots[c.slot] = append(p.slots[c.slot], c)
	p.count++
	return p.ended
}

// leave removes c by moving the last of its slot to its place.
func (p *pulse) leave(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	members := p.slots[c.slot]
	last := members[len(members)-1]
	members[c.place], last.place = last, c.place
	members[len(members)-1] = nil // or the array would keep it from the collector
	p.slots[c.slot] = members[:len(members)-1]
	p.count--
	if p.count == 0 && p.empty != nil {
		close(p.empty)
		p.empty = nil
	}
}

// members copies one slot, so that nobody's lock is taken under p.mu.
func (p *pulse) members(slot int) []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*Conn(nil), p.slots[slot]...)
}

// beat pings the connections of one slot.
func (p *pulse) beat(slot int, pingFrame Frame) {
	for _, c := range p.members(slot) {
		c.beat(pingFrame)
	}
}
