//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/bench/trial"
)

// bench is one run.
type bench struct {
	settings
	workshop *servers.Workshop
	there    []servers.Contender
	record   *trial.Record
	began    time.Time
}

// run measures everything, or reads what was, and writes the page.
func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "gallery-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // servers that do not run as root have rooms in it
		return err
	}
	b := &bench{settings: s, began: time.Now()}
	b.workshop = &servers.Workshop{Root: s.root, Dir: dir, Bin: filepath.Join(dir, "bin"), Log: b.say}
	if err := os.Mkdir(b.workshop.Bin, 0o755); err != nil {
		return err
	}
	b.record = &trial.Record{Machine: trial.Look(s.root), Command: "make bench", Started: trial.Now(), Rounds: s.rounds, Watchers: s.watchers}
	if len(os.Args) > 1 {
		b.record.Command = "go -C bench run . " + strings.Join(os.Args[1:], " ")
	}
	for _, c := range s.only {
		if missing := c.Missing(); missing != "" {
			b.say("LEFT OUT: %s, for want of %s (bench/deps.sh installs it)", c.Name, missing)
			b.record.LeftOut = append(b.record.LeftOut, c.Name+": "+missing)
			continue
		}
		b.there = append(b.there, c)
	}
	b.say("building")
	if err := servers.Build(ctx, b.workshop); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	b.record.Took = time.Since(b.began).Round(time.Second).String()
	if err := os.MkdirAll(filepath.Join(s.out, "performance"), 0o755); err != nil {
		return err
	}
	return b.record.Write(filepath.Join(s.out, "performance", "figures.json"))
}

func (b *bench) measure(ctx context.Context) error {
	return b.visits(ctx)
}

// visits are the rounds: each visits every contender, each beginning with
// another one.
func (b *bench) visits(ctx context.Context) error {
	for round := range b.rounds {
		for i := range b.there {
			c := b.there[(i+round)%len(b.there)]
			err := b.with(ctx, c, func(s servers.Server) error {
				v, err := trial.Pay(ctx, s, c.Name, trial.Plan{Round: round + 1, Watchers: b.watchers, Settle: b.settle(), Notify: b.watchers / 5})
				if err != nil {
					return err
				}
				b.say("round %d: %s", round+1, v)
				b.record.Visits = append(b.record.Visits, v)
				if h, is := s.(*servers.House); is && c.Name == servers.GalleryNodes.Name {
					d, err := trial.Ring(ctx, h, v, b.settle())
					if err != nil {
						return err
					}
					b.say("round %d: through the broker alone: first %.2f, last %.1f ms", round+1, d.Bell.First, d.Bell.Last)
					b.record.Doorbells = append(b.record.Doorbells, d)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// with starts a contender, does something with it and ends it.
func (b *bench) with(ctx context.Context, c servers.Contender, do func(servers.Server) error) error {
	s, err := c.Start(ctx, b.workshop)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	if err := errors.Join(do(s), s.Close()); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	return nil
}

// settle is how long sockets are left alone before they are weighed.
func (b *bench) settle() time.Duration {
	if b.quick {
		return 200 * time.Millisecond
	}
	return 3 * time.Second
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}
