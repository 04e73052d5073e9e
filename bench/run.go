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

	"invisibleart.example/gallery/bench/report"
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
	figures := filepath.Join(s.out, "performance", "figures.json")
	prose := filepath.Join(s.root, "bench", "prose")
	if s.from != "" {
		record, err := trial.Read(s.from)
		if err != nil {
			return err
		}
		return report.Write(record, prose, s.out)
	}
	record, failed := measured(ctx, s)
	if record == nil {
		return failed
	}
	// What was measured is kept, whatever failed.
	if err := os.MkdirAll(filepath.Dir(figures), 0o755); err != nil {
		return errors.Join(failed, err)
	}
	return errors.Join(failed, record.Write(figures), report.Write(record, prose, s.out))
}

// measured makes a record, which holds what there is even with an error.
func measured(ctx context.Context, s settings) (*trial.Record, error) {
	dir, err := os.MkdirTemp("", "gallery-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // servers that do not run as root have rooms in it
		return nil, err
	}
	b := &bench{settings: s, began: time.Now()}
	b.workshop = &servers.Workshop{Root: s.root, Dir: dir, Bin: filepath.Join(dir, "bin"), Log: b.say}
	if err := os.Mkdir(b.workshop.Bin, 0o755); err != nil {
		return nil, err
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
		return nil, fmt.Errorf("build: %w", err)
	}
	err = b.measure(ctx)
	b.record.Took = time.Since(b.began).Round(time.Second).String()
	return b.record, err
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
