package trial

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/loadtest"
)

// crowd is many sockets before some topics, taking turns: socket n is before
// topic n modulo their number.
type crowd struct {
	swarm  *loadtest.Swarm
	cancel context.CancelFunc
	ended  chan error
	began  int64 // loadtest.Now, when the first handshake began

	arrived []atomic.Int64 // loadtest.Now of each socket's payload, 0 before
	missing atomic.Int64
	doubled atomic.Int64
	all     chan struct{} // closed when every socket has its payload
	opened  []int64       // loadtest.Now of each handshake's end; the swarm's own until it ended
}

// gather opens n sockets before topics and waits until all of them are open.
func gather(ctx context.Context, addr string, topics []servers.Topic, n int, change func(*loadtest.Config)) (*crowd, error) {
	paths := make([]string, len(topics))
	payloads := make([][]byte, len(topics))
	for i, t := range topics {
		paths[i], payloads[i] = t.Path(), t.Payload()
	}
	return open(ctx, addr, paths, n, func(socket int, payload []byte) bool {
		return bytes.Equal(payload, payloads[socket%len(payloads)])
	}, change)
}

// open is gather for whatever paths; is tells what the sockets wait for from
// everything else that they are sent. change may be nil.
func open(ctx context.Context, addr string, paths []string, n int, is func(socket int, payload []byte) bool, change func(*loadtest.Config)) (*crowd, error) {
	c := &crowd{arrived: make([]atomic.Int64, n), all: make(chan struct{}), ended: make(chan error, 1), opened: make([]int64, n)}
	c.missing.Store(int64(n))
	var once sync.Once
	config := loadtest.Config{
		Address: addr, Sockets: n, Abrupt: true,
		Path:   func(socket int) string { return paths[socket%len(paths)] },
		OnOpen: func(socket int, at int64, _ time.Duration) { c.opened[socket] = at },
		OnMessage: func(socket int, at int64, payload []byte) {
			if !is(socket, payload) {
				return // such as how the work stands, on connect
			}
			if !c.arrived[socket].CompareAndSwap(0, at) {
				c.doubled.Add(1)
			} else if c.missing.Add(-1) == 0 {
				once.Do(func() { close(c.all) })
			}
		},
	}
	if change != nil {
		change(&config)
	}
	swarm, err := loadtest.NewSwarm(config)
	if err != nil {
		return nil, err
	}
	ctx, c.cancel = context.WithCancel(ctx)
	c.swarm, c.began = swarm, loadtest.Now()
	go func() { c.ended <- swarm.Run(ctx) }()
	select {
	case <-swarm.Settled():
	case <-ctx.Done():
		return nil, c.leave()
	}
	if counts := swarm.Counts(); counts.Open != int64(n) {
		c.leave()
		return nil, fmt.Errorf("%d of %d sockets are open (refused %v, failed %v, closed %v)", counts.Open, n, counts.Refused, counts.Failures, counts.Closed)
	}
	return c, nil
}

// leave closes all sockets.
func (c *crowd) leave() error {
	c.cancel()
	return <-c.ended
}

// hear waits until every socket has its payload, or patience is over.
func (c *crowd) hear(ctx context.Context, patience time.Duration) {
	select {
	case <-c.all:
	case <-time.After(patience):
	case <-ctx.Done():
	}
}

// Arrivals says when the payload came, in ms after it was triggered.
type Arrivals struct {
	First  float64 `json:"first_ms"`
	Median float64 `json:"median_ms"`
	P99    float64 `json:"p99_ms"`
	Last   float64 `json:"last_ms"`
	// Lost sockets never got it, Doubled got it again.
	Lost    int64 `json:"lost"`
	Doubled int64 `json:"doubled"`
}

// arrivals counts from the trigger of each topic. Sockets for which skip says so
// are left out.
func (c *crowd) arrivals(triggered []int64, skip func(socket int) bool) Arrivals {
	a := Arrivals{Doubled: c.doubled.Load()}
	var waits []float64
	for socket := range c.arrived {
		if skip != nil && skip(socket) {
			continue
		}
		if at := c.arrived[socket].Load(); at == 0 {
			a.Lost++
		} else {
			waits = append(waits, float64(at-triggered[socket%len(triggered)])/1e6)
		}
	}
	if len(waits) == 0 {
		return a
	}
	slices.Sort(waits)
	a.First, a.Median, a.P99, a.Last = waits[0], waits[len(waits)/2], waits[len(waits)*99/100], waits[len(waits)-1]
	return a
}
