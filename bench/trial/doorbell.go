package trial

import (
	"context"
	"fmt"
	"time"

	"invisibleart.example/gallery/bench/servers"
)

// Doorbell is one reveal through the real path beside one that begins at the
// broker, both on the node of several and with as many sockets: what lies
// between is what the path adds.
type Doorbell struct {
	Round int `json:"round"`
	// Act is from the request of the comment that reveals: transaction, outbox,
	// relay, broker, sockets.
	Act Arrivals `json:"act"`
	// Bell is from PUBLISH: broker, sockets.
	Bell Arrivals `json:"bell"`
}

// Ring measures a Doorbell on a gallery with Redis, of which act is already
// known.
func Ring(ctx context.Context, h *servers.House, v Visit, settle time.Duration) (Doorbell, error) {
	d := Doorbell{Round: v.Round, Act: v.Arrivals}
	work, err := h.Hang(ctx, 1)
	if err != nil {
		return d, err
	}
	bell, err := h.Bell(ctx)
	if err != nil {
		return d, fmt.Errorf("listen to the broker: %w", err)
	}
	defer bell.Close()
	topics := []servers.Topic{work}
	c, err := gather(ctx, h.Addr(), topics, v.Watchers, nil)
	if err != nil {
		return d, err
	}
	time.Sleep(settle)
	err = v.broadcast(ctx, h, c, topics, func(servers.Topic, context.Context) error { return bell.Ring(work) })
	d.Bell = v.Arrivals
	if left := c.leave(); err == nil {
		err = left
	}
	return d, err
}
