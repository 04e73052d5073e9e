//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/bench/trial"
)

// measure makes the rounds, then the curves. What fails is said at once and
// returned in the end: one server that cannot be measured hides no other.
func (b *bench) measure(ctx context.Context) error {
	var failed []error
	try := func(what error) {
		if what != nil {
			b.say("FAILED: %v", what)
			failed = append(failed, what)
		}
	}
	for round := range b.rounds {
		b.round(ctx, round, try)
	}
	try(b.views(ctx))
	b.curve(ctx, try)
	b.works(ctx, try)
	return errors.Join(append(failed, ctx.Err())...)
}

// round visits every contender once, in an order that begins with another one
// each time: what the machine does meanwhile meets all of them.
func (b *bench) round(ctx context.Context, round int, try func(error)) {
	for i := range b.there {
		c := b.there[(i+round)%len(b.there)]
		try(b.with(ctx, c, func(s servers.Server) error { return b.visit(ctx, c, s, round+1) }))
	}
	if !b.has(servers.Gallery) {
		return
	}
	try(b.with(ctx, servers.Gallery, func(s servers.Server) error { return b.stall(ctx, s.(*servers.House), round+1) }))
	try(b.with(ctx, servers.Gallery, func(s servers.Server) error { return b.restart(ctx, s.(*servers.House), round+1) }))
}

func (b *bench) stall(ctx context.Context, h *servers.House, round int) error {
	s, err := trial.HoldUp(ctx, h, round, b.watchers, b.settle())
	if err != nil {
		return fmt.Errorf("stalled readers: %w", err)
	}
	b.record.Stalls = append(b.record.Stalls, s)
	b.say("round %d: %d stalled readers: last %.1f ms, without %.1f; %.0f KiB each after %d fillers; %d given up", round,
		s.Readers, s.With.Last, s.Without.Last, s.Growth/1024, s.Fillers, s.Evicted)
	return nil
}

func (b *bench) restart(ctx context.Context, h *servers.House, round int) error {
	r, err := trial.Restart(ctx, h, round, b.watchers)
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	b.record.Reconnects = append(b.record.Reconnects, r)
	b.say("round %d: restart: stopped in %.1f s, %d farewells, started in %.1f; half back after %.2f, all after %.2f s; refused %v, at most %d times; failed %v", round,
		r.Stopping, r.Farewells, r.Starting, r.Half, r.All, r.Refused, r.MostRefused, r.Failed)
	return nil
}

// visit measures a contender, and on a gallery with Redis what the path before
// the broker adds.
func (b *bench) visit(ctx context.Context, c servers.Contender, s servers.Server, round int) error {
	v, err := trial.Pay(ctx, s, c.Name, trial.Plan{Round: round, Watchers: b.watchers, Settle: b.settle(), Notify: b.watchers / 5})
	if err != nil {
		return err
	}
	b.say("round %d: %s", round, v)
	b.record.Visits = append(b.record.Visits, v)
	if c.Name != servers.GalleryNodes.Name {
		return nil
	}
	d, err := trial.Ring(ctx, s.(*servers.House), v, b.settle())
	if err != nil {
		return err
	}
	b.say("round %d: from the broker: first %.2f, last %.1f ms", round, d.Bell.First, d.Bell.Last)
	b.record.Doorbells = append(b.record.Doorbells, d)
	return nil
}

// views are counted by the gallery's own benchmark.
func (b *bench) views(ctx context.Context) error {
	if !b.has(servers.Gallery) {
		return nil
	}
	each := "3s"
	if b.quick {
		each = "200x"
	}
	rates, err := trial.CountViews(ctx, b.workshop, b.rounds, each)
	b.record.Views = rates
	b.say("views a second: %v", rates)
	return err
}

// curve visits with other numbers of watchers than the rounds had. Channels is
// left out where it would take minutes.
func (b *bench) curve(ctx context.Context, try func(error)) {
	sizes, most := []int{100, 1000, 5000, 10_000, 15_000}, 5000
	if b.quick {
		sizes = []int{20, 50}
	}
	for _, n := range sizes {
		if n == b.watchers {
			continue
		}
		for _, c := range b.there {
			if c.Name == servers.FloorGo.Name || c.Name == servers.Channels.Name && n > most {
				continue
			}
			try(b.with(ctx, c, func(s servers.Server) error {
				for range b.repeats(n) {
					v, err := trial.Pay(ctx, s, c.Name, trial.Plan{Watchers: n, Settle: b.settle() / 2})
					if err != nil {
						return err
					}
					b.say("%s", v)
					b.record.Curve = append(b.record.Curve, v)
				}
				return nil
			}))
		}
	}
}

// works spreads the sockets over more artworks.
func (b *bench) works(ctx context.Context, try func(error)) {
	counts := []int{100, 10_000}
	if b.quick {
		counts = []int{5}
	}
	for _, n := range counts {
		for _, c := range []servers.Contender{servers.Gallery, servers.Nchan, servers.Gws, servers.Gorilla} {
			if !b.has(c) || n > b.watchers {
				continue
			}
			try(b.with(ctx, c, func(s servers.Server) error {
				v, err := trial.Pay(ctx, s, c.Name, trial.Plan{Watchers: b.watchers, Topics: n, Settle: b.settle()})
				if err != nil {
					return err
				}
				b.say("%s", v)
				b.record.Works = append(b.record.Works, v)
				return nil
			}))
		}
	}
}

// has tells whether a contender takes part.
func (b *bench) has(c servers.Contender) bool {
	return slices.ContainsFunc(b.there, func(other servers.Contender) bool { return other.Name == c.Name })
}

// with starts a contender, does something with it and ends it.
func (b *bench) with(ctx context.Context, c servers.Contender, do func(servers.Server) error) error {
	if ctx.Err() != nil {
		return nil // measure says it once
	}
	s, err := c.Start(ctx, b.workshop)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	if err := errors.Join(do(s), s.Close()); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	return nil
}

// repeats is how often a point of a curve is measured: the fewer the watchers,
// the more is chance.
func (b *bench) repeats(watchers int) int {
	if b.quick {
		return 1
	}
	return max(1, min(3, 3000/watchers))
}
