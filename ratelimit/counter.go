package ratelimit

import "sync"

// Counter limits how many of something a key may hold at once, such as open
// sockets. It remembers only keys that hold something, so its memory is bounded
// by what it counts. Safe for concurrent use; a nil Counter lets everything
// pass.
type Counter struct {
	most int

	mu   sync.Mutex
	held map[string]int
}

// NewCounter makes a Counter of most per key, or nil (no limit) when most is 0.
func NewCounter(most int) *Counter {
	if most == 0 {
		return nil
	}
	return &Counter{most: most, held: map[string]int{}}
}

// Acquire takes one for key, or tells that it holds all it may. Each Acquire
// that was granted is owed one Release.
func (c *Counter) Acquire(key string) bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[key] >= c.most {
		return false
	}
	c.held[key]++
	return true
}

// Release gives one back.
func (c *Counter) Release(key string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[key]--; c.held[key] <= 0 {
		delete(c.held, key)
	}
}

// Held is how many key holds now, 0 for a nil Counter.
func (c *Counter) Held(key string) int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[key]
}
