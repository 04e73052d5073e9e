package trial

import (
	"context"
	"fmt"
	"slices"
	"time"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/loadtest"
)

// Reconnect is a restart with everybody there: SIGTERM, start, and all come
// back in the same moment, that in which the new process listens.
type Reconnect struct {
	Round    int `json:"round"`
	Watchers int `json:"watchers"`

	Farewells int64   `json:"farewells"`  // sockets that were closed with 1001
	Stopping  float64 `json:"stopping_s"` // from SIGTERM until the process had ended
	Starting  float64 `json:"starting_s"` // until the next one listened

	// From the moment it listens until half and all of the sockets are open.
	Half float64 `json:"half_s"`
	All  float64 `json:"all_s"`
	// Refused answers of all, by status, and what the unluckiest socket met.
	Refused     map[int]int64    `json:"refused"`
	MostRefused int              `json:"most_refused"`
	Failed      map[string]int64 `json:"failed"` // connections that got no answer
	// After is a reveal to those who came back.
	After Arrivals `json:"after"`
}

// Restart measures a Reconnect.
func Restart(ctx context.Context, h *servers.House, round, watchers int) (Reconnect, error) {
	r := Reconnect{Round: round, Watchers: watchers}
	work, err := h.Hang(ctx, 1)
	if err != nil {
		return r, err
	}
	topics := []servers.Topic{work}
	c, err := gather(ctx, h.Addr(), topics, watchers, nil)
	if err != nil {
		return r, err
	}
	stop := time.Now()
	if err := h.Stop(); err != nil {
		_ = c.leave()
		return r, err
	}
	r.Stopping = time.Since(stop).Seconds()
	for deadline := time.Now().Add(5 * time.Second); c.swarm.Counts().Open > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	r.Farewells = c.swarm.Counts().Closed[1001]
	if err := c.leave(); err != nil {
		return r, err
	}
	start := time.Now()
	if err := h.Listen(ctx); err != nil {
		return r, err
	}
	r.Starting = time.Since(start).Seconds()
	refused := make([]int, watchers)
	c, err = gather(ctx, h.Addr(), topics, watchers, func(c *loadtest.Config) {
		c.InFlight, c.Retries = watchers, 100
		c.OnRefused = func(socket, _ int, _ time.Duration) { refused[socket]++ }
	})
	if err != nil {
		return r, fmt.Errorf("come back: %w", err)
	}
	counts := c.swarm.Counts()
	time.Sleep(again)
	triggered := loadtest.Now()
	err = work.Broadcast(ctx)
	if err == nil {
		c.hear(ctx, patience)
		time.Sleep(again)
	}
	if left := c.leave(); err == nil {
		err = left
	}
	r.After = c.arrivals([]int64{triggered}, nil)
	r.Refused, r.Failed, r.MostRefused = counts.Refused, counts.Failures, slices.Max(refused)
	slices.Sort(c.opened)
	r.Half = float64(c.opened[watchers/2]-c.began) / 1e9
	r.All = float64(c.opened[watchers-1]-c.began) / 1e9
	return r, err
}
