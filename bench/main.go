//go:build linux

// Bench is the proof: this gallery beside other servers, measured by the same
// client in interleaved rounds, and docs/performance.md written from what came
// out. `make bench` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"invisibleart.example/gallery/bench/servers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	rounds, watchers int
	quick            bool
	only             []servers.Contender
	root             string // of the repository
	out              string // directory of performance.md
	from             string // a record to make the page of, instead of measuring
}

func command(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "how often each contender is visited")
	watchers := flags.Int("watchers", 10_000, "sockets before one artwork")
	quick := flags.Bool("quick", false, "a minute that shows that everything runs; its figures mean nothing")
	only := flags.String("only", "", "contenders to measure, with commas between (default: all that are installed); see --list")
	list := flags.Bool("list", false, "name the contenders and what they want")
	out := flags.String("out", "", "directory for performance.md, its plots and figures.json (default: docs of the repository)")
	from := flags.String("from", "", "make the page of a figures.json instead of measuring")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *list {
		for _, c := range servers.All() {
			fmt.Printf("%-14s %s\n", c.Name, orElse(c.Missing(), "installed"))
		}
		return nil
	}
	root, err := repository()
	if err != nil {
		return err
	}
	s := settings{rounds: *rounds, watchers: *watchers, quick: *quick, root: root, out: orElse(*out, filepath.Join(root, "docs")), from: *from}
	if s.rounds < 1 || s.watchers < 10 || flags.NArg() > 0 {
		return errors.New("want at least 1 round, 10 watchers and no arguments but flags")
	}
	if s.only, err = choose(*only); err != nil {
		return err
	}
	return run(ctx, s)
}

// choose finds contenders by their names; none are all.
func choose(names string) ([]servers.Contender, error) {
	if names == "" {
		return servers.All(), nil
	}
	var chosen []servers.Contender
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(servers.All(), func(c servers.Contender) bool { return c.Name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("there is no contender %q; --list names them", name)
		}
		chosen = append(chosen, servers.All()[i])
	}
	return chosen, nil
}

// repository is the directory above the one of this module.
func repository() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != "/"; dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "bench", "go.mod")); missing == nil {
			return dir, nil
		}
	}
	return "", errors.New("this is not the gallery's repository, nor a directory in it")
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
