package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

const (
	// canaryEvery is how often a message is sent through each master to
	// ourselves. With [canaryPatience] and [sweepEvery] a deaf line is found
	// within six seconds at worst, four on average; ten are promised.
	canaryEvery = 2 * time.Second
	// canaryPatience is how long it may take. It is longer than rueidis needs to
	// notice a new master (its refresh, once per [heartbeat]): a node that moves
	// to the new master and tells everybody to read again must be later there
	// than all who publish, or what a late one publishes on the old master in
	// between would be lost for good.
	canaryPatience = 3 * time.Second
)

var errDeaf = errors.New("a message to ourselves did not arrive")

// canaries are the messages that a line has sent to itself, through each master
// one: a Cluster's server may hear some of the others and not all.
type canaries struct {
	mu sync.Mutex
	// histories are the replication ids of the masters that this line has met.
	histories map[string]bool
	number    uint64
	flying    map[uint64]canary // sent, and not heard yet
}

type canary struct {
	through string
	at      time.Time
}

// newName is a name that no other broker has.
func newName() string { return rand.Text() }

// learn remembers the masters there are, and tells whether one is new.
func (c *canaries) learn(servers []server) (news bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.histories == nil {
		c.histories = make(map[string]bool)
	}
	for _, s := range servers {
		if s.master && !c.histories[s.history] {
			c.histories[s.history] = true
			news = true
		}
	}
	return news
}

// sing sends canaries until ctx ends.
func (l *line) sing(ctx context.Context, remote rueidis.Client) {
	for ; ctx.Err() == nil; wait(ctx, canaryEvery) {
		// A master that does not answer says nothing about the line, and
		// publishing there fails as well: nothing can be missed.
		servers, _ := survey(ctx, remote)
		if l.canaries.learn(servers) && remote.Mode() == rueidis.ClientModeCluster {
			// The master before it may have died with messages that it had
			// taken and not passed on. (Elsewhere the line would have died with
			// it.)
			l.broker.client.log.Info("the Cluster has a new master: all is read again")
			l.missed()
		}
		var all sync.WaitGroup
		for _, s := range servers {
			if s.master {
				all.Go(func() { l.release(ctx, s) })
			}
		}
		all.Wait()
	}
}

// release sends one canary through a master.
func (l *line) release(ctx context.Context, s server) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := &l.canaries
	c.mu.Lock()
	if c.flying == nil {
		c.flying = make(map[uint64]canary)
	}
	c.number++
	number := c.number
	// Noted before it flies: it may be back before Do is.
	c.flying[number] = canary{s.address, time.Now()}
	c.mu.Unlock()
	command := s.client.B().Publish().Channel(l.broker.canary).Message(strconv.FormatUint(number, 10)).Build()
	if err := s.client.Do(ctx, command).Error(); err != nil {
		// It may never have flown.
		c.mu.Lock()
		delete(c.flying, number)
		c.mu.Unlock()
	}
}

// heard is called on the reader's goroutine.
func (c *canaries) heard(message string) {
	number, err := strconv.ParseUint(message, 10, 64)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flying, number)
}

// overdue returns an error when a canary should have been back.
func (c *canaries) overdue(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.flying {
		if now.Sub(one.at) > canaryPatience {
			return fmt.Errorf("%w (through %s)", errDeaf, one.through)
		}
	}
	return nil
}
