package websockets

import "sync"

// crew counts work that is under way, so that whoever stops it can wait for it.
// The zero crew is open.
type crew struct {
	mu     sync.Mutex
	size   int
	closed bool
	empty  chan struct{} // made by close, closed when nobody is left
}

// enter adds one, unless the crew is closed. Each enter that was granted is
// owed one leave.
func (c *crew) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.size++
	}
	return !c.closed
}

func (c *crew) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size--
	if c.closed && c.size == 0 {
		close(c.empty)
	}
}

// close lets nobody in from now on, and returns a channel that is closed when
// all have left.
func (c *crew) close() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed, c.empty = true, make(chan struct{})
		if c.size == 0 {
			close(c.empty)
		}
	}
	return c.empty
}
