package trial

import (
	"context"
	"fmt"
	"sync"
	"time"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/loadtest"
)

// Visit is what one contender cost, once.
type Visit struct {
	Contender string `json:"contender"`
	Round     int    `json:"round"` // from 1; 0 for a point of a curve
	Watchers  int    `json:"watchers"`
	Topics    int    `json:"topics"` // the sockets are spread over them; all are broadcast to

	HandshakeCPU  float64 `json:"handshake_cpu_us"`  // of the contender, for each socket
	HandshakeRate float64 `json:"handshake_per_s"`   // reached by this client, 256 under way at once
	Memory        float64 `json:"memory_bytes"`      // growth of the proportional set size, for each socket
	MessageCPU    float64 `json:"message_cpu_us"`    // of the contender, for each delivered message, the trigger included
	ActCPU        float64 `json:"act_cpu_us"`        // of the contender, for the trigger alone: a broadcast that nobody hears
	NotifyCPU     float64 `json:"notify_cpu_us"`     // as HandshakeCPU, for the notifications endpoint with a checked token; 0 without one
	Answer        float64 `json:"answer_ms"`         // until the trigger was answered, the slowest of all topics
	ClientBusy    float64 `json:"client_busy_share"` // of the time of the broadcast, in which the client was not waiting
	Arrivals
}

// Plan says how a visit is made.
type Plan struct {
	Round    int
	Watchers int
	Topics   int
	Settle   time.Duration // between connecting and weighing
	Notify   int           // how many handshakes of the notifications endpoint to measure, 0 for none
}

const (
	warmers  = 100                    // sockets of the broadcast that is not measured
	trailing = 50 * time.Millisecond  // what a server does after its answer, or after the last message
	again    = 200 * time.Millisecond // for what comes twice
	patience = time.Minute            // for a broadcast
)

// Pay makes a visit to a server that has just started.
func Pay(ctx context.Context, s servers.Server, name string, p Plan) (Visit, error) {
	v := Visit{Contender: name, Round: p.Round, Watchers: p.Watchers, Topics: max(p.Topics, 1)}
	if err := warm(ctx, s, min(warmers, p.Watchers)); err != nil {
		return v, fmt.Errorf("warm: %w", err)
	}
	act, err := unheard(ctx, s)
	if err != nil {
		return v, fmt.Errorf("broadcast to nobody: %w", err)
	}
	v.ActCPU = us(act)
	topics, err := topicsOf(ctx, s, v.Topics)
	if err != nil {
		return v, err
	}
	before, err := weigh(s)
	if err != nil {
		return v, err
	}
	clock, err := servers.CPU(s.Working())
	if err != nil {
		return v, err
	}
	c, err := gather(ctx, s.Addr(), topics, p.Watchers, nil)
	if err != nil {
		return v, fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = c.leave() }()
	v.HandshakeRate = float64(p.Watchers) / time.Duration(loadtest.Now()-c.began).Seconds()
	time.Sleep(trailing)
	if v.HandshakeCPU, err = spent(s, clock, p.Watchers); err != nil {
		return v, err
	}
	time.Sleep(p.Settle)
	after, err := weigh(s)
	if err != nil {
		return v, err
	}
	v.Memory = float64(after-before) / float64(p.Watchers)
	if err := v.broadcast(ctx, s, c, topics, servers.Topic.Broadcast); err != nil {
		return v, err
	}
	if err := c.leave(); err != nil {
		return v, err
	}
	c.ended <- nil // the deferred leave finds it
	if n, is := s.(servers.Notifier); is && p.Notify > 0 {
		if v.NotifyCPU, err = notify(ctx, s, n, p.Notify); err != nil {
			return v, fmt.Errorf("notifications: %w", err)
		}
	}
	return v, nil
}

// broadcast has every topic broadcast and waits for everybody.
func (v *Visit) broadcast(ctx context.Context, s servers.Server, c *crowd, topics []servers.Topic, say func(servers.Topic, context.Context) error) error {
	clock, err := servers.CPU(s.Working())
	if err != nil {
		return err
	}
	c.swarm.TakeLag()
	// From here to the last arrival nothing is done but what is measured.
	triggered := make([]int64, len(topics))
	answers := make([]float64, len(topics))
	errs := make(chan error, len(topics))
	next := make(chan int, len(topics))
	for i := range topics {
		next <- i
	}
	close(next)
	var group sync.WaitGroup
	for range min(8, len(topics)) {
		group.Go(func() {
			for i := range next {
				triggered[i] = loadtest.Now()
				if err := say(topics[i], ctx); err != nil {
					errs <- err
				}
				answers[i] = float64(loadtest.Now()-triggered[i]) / 1e6
			}
		})
	}
	c.hear(ctx, patience)
	lag := c.swarm.TakeLag()
	if lag.Elapsed > 0 {
		v.ClientBusy = lag.Busy.Seconds() / lag.Elapsed.Seconds()
	}
	group.Wait()
	time.Sleep(trailing)
	if v.MessageCPU, err = spent(s, clock, v.Watchers); err != nil {
		return err
	}
	time.Sleep(again)
	select {
	case err := <-errs:
		return fmt.Errorf("broadcast: %w", err)
	default:
	}
	for _, a := range answers {
		v.Answer = max(v.Answer, a)
	}
	v.Arrivals = c.arrivals(triggered, nil)
	return nil
}

// warm lets a server run its paths once: what is paid at the first message and
// never again is not what is measured.
func warm(ctx context.Context, s servers.Server, n int) error {
	topics, err := topicsOf(ctx, s, 1)
	if err != nil {
		return err
	}
	c, err := gather(ctx, s.Addr(), topics, n, nil)
	if err != nil {
		return err
	}
	time.Sleep(trailing)
	err = topics[0].Broadcast(ctx)
	if err == nil {
		c.hear(ctx, patience)
	}
	if left := c.leave(); err == nil {
		err = left
	}
	time.Sleep(trailing)
	return err
}

// unheard is what a broadcast costs by itself.
func unheard(ctx context.Context, s servers.Server) (time.Duration, error) {
	topics, err := topicsOf(ctx, s, 1)
	if err != nil {
		return 0, err
	}
	clock, err := servers.CPU(s.Working())
	if err != nil {
		return 0, err
	}
	if err := topics[0].Broadcast(ctx); err != nil {
		return 0, err
	}
	time.Sleep(trailing)
	now, err := servers.CPU(s.Working())
	return now - clock, err
}

// notify measures handshakes that bring a token.
func notify(ctx context.Context, s servers.Server, n servers.Notifier, handshakes int) (cpu float64, err error) {
	paths, err := n.NotificationPaths(ctx)
	if err != nil {
		return 0, err
	}
	time.Sleep(trailing)
	clock, err := servers.CPU(s.Working())
	if err != nil {
		return 0, err
	}
	c, err := open(ctx, s.Addr(), paths, handshakes, nothing, nil)
	if err != nil {
		return 0, err
	}
	time.Sleep(trailing)
	if cpu, err = spent(s, clock, handshakes); err != nil {
		return 0, err
	}
	return cpu, c.leave()
}

func topicsOf(ctx context.Context, s servers.Server, n int) ([]servers.Topic, error) {
	topics := make([]servers.Topic, n)
	errs := make(chan error, n)
	limit := make(chan struct{}, 32)
	var group sync.WaitGroup
	for i := range topics {
		limit <- struct{}{}
		group.Go(func() {
			defer func() { <-limit }()
			var err error
			if topics[i], err = s.Topic(ctx); err != nil {
				errs <- fmt.Errorf("make a topic: %w", err)
			}
		})
	}
	group.Wait()
	select {
	case err := <-errs:
		return nil, err
	default:
		return topics, nil
	}
}

func weigh(s servers.Server) (int64, error) { return servers.Memory(s.Holding()) }

// spent is the processor time since clock for each of n, in µs.
func spent(s servers.Server, clock time.Duration, n int) (float64, error) {
	now, err := servers.CPU(s.Working())
	return us(now-clock) / float64(max(n, 1)), err
}

func us(d time.Duration) float64 { return float64(d) / 1e3 }

// String is a visit in a line.
func (v Visit) String() string {
	return fmt.Sprintf("%-13s %5d/%-5d cpu/msg %7.2f µs (act %5.0f)  first %7.2f  last %7.1f ms  %7.0f B/socket  handshake %6.1f µs (token %6.1f) %6.0f/s  lost %d doubled %d  client busy %.0f%%",
		v.Contender, v.Watchers, v.Topics, v.MessageCPU, v.ActCPU, v.First, v.Last, v.Memory, v.HandshakeCPU, v.NotifyCPU, v.HandshakeRate, v.Lost, v.Doubled, v.ClientBusy*100)
}

// nothing is waited for by sockets that are only opened.
func nothing(int, []byte) bool { return false }
