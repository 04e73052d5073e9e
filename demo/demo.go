package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Config says where the demonstration takes place and how. URL is required,
// the zero values of all else are useful.
type Config struct {
	URL     string // of the running gallery, such as http://127.0.0.1:8080
	Program string // how the reader calls this program, "gallery" when empty
	Pace    Pace
	Paint   func(n int) (Painting, error) // the n-th painting, from 0; nil: Collection
	Out     io.Writer                     // where people are told what to try; nil: nowhere
	Log     *slog.Logger                  // what goes wrong on the way; nil: nowhere
}

// Pace is how fast things happen. A zero value stands for a human pace.
type Pace struct {
	Act    time.Duration // between two acts of the crowd, in the mean; 2.5 s
	Hold   time.Duration // how long the crowd waits before the act that reveals; 45 s
	Linger time.Duration // until a revealed work gets a successor; 20 s
	Clock  time.Duration // until a work that reveals by time does; 2 min
}

func (p Pace) withDefaults() Pace {
	if p.Act == 0 {
		p.Act = 2500 * time.Millisecond
	}
	if p.Hold == 0 {
		p.Hold = 45 * time.Second
	}
	if p.Linger == 0 {
		p.Linger = 20 * time.Second
	}
	if p.Clock == 0 {
		p.Clock = 2 * time.Minute
	}
	return p
}

// requestPatience bounds one request; hanging a work is the longest.
const requestPatience = 30 * time.Second

// Run registers the cast, hangs the first works, tells on Out what there is to
// try, and then keeps the gallery alive until ctx ends, which is no failure. An
// error means that it could not even begin; later ones are logged, and it goes
// on.
func Run(ctx context.Context, c Config) error {
	if c.Program == "" {
		c.Program = "gallery"
	}
	if c.Paint == nil {
		c.Paint = Collection
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Pace = c.Pace.withDefaults()
	c.URL = strings.TrimRight(c.URL, "/")

	work, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	easel := newEasel(c.Paint)
	group.Go(func() error { return easel.run(work) })
	group.Go(func() error {
		defer stop() // nobody buys pictures any more
		return play(work, c, easel)
	})
	err := group.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// play is the demonstration from the first account to the end of ctx.
func play(ctx context.Context, c Config, easel *easel) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	house := &house{url: c.URL, client: &http.Client{Transport: transport, Timeout: requestPatience}}
	cast, err := register(ctx, house)
	if err != nil {
		return err
	}
	hall := newHall(house, cast.artists, easel, c.Pace)
	if err := hall.open(ctx); err != nil {
		return err
	}
	crowd := &crowd{hall: hall, people: cast.visitors, dice: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), words: newWords()}
	if err := crowd.opening(ctx); err != nil {
		return err
	}
	guide := &guide{out: c.Out, url: c.URL, program: c.Program, pace: c.Pace}
	guide.welcome(cast, hall)
	for ctx.Err() == nil {
		if err := step(ctx, hall, crowd, guide); err != nil && ctx.Err() == nil {
			c.Log.Warn("the demonstration stumbles, and goes on", "error", err)
		}
		// People are not metronomes: between nearly at once and twice the mean.
		pause(ctx, time.Duration((0.1+1.8*crowd.dice.Float64())*float64(c.Pace.Act)))
	}
	return ctx.Err()
}

// step is one moment: see what happened, tell it, tend the walls, let somebody
// do something.
func step(ctx context.Context, hall *hall, crowd *crowd, guide *guide) error {
	if err := hall.refresh(ctx); err != nil {
		return fmt.Errorf("look around: %w", err)
	}
	guide.tell(hall)
	// What the crowd does must not wait for walls that cannot be tended.
	return errors.Join(hall.tend(ctx), crowd.act(ctx))
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
