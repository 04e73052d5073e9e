package redis

import "time"

// SetPace makes a tracker's heart beat faster than it does in earnest. Before Run.
func (p *Presence) SetPace(beat, lease time.Duration) { p.beat, p.lease = beat, lease }

// Rooms is how many works the tracker remembers.
func (p *Presence) Rooms() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.rooms)
}

// IsUp tells whether the client has reached Redis.
func (c *Client) IsUp() bool { return c.up.Load() }
