package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"invisibleart.example/gallery/bench/trial"
)

// reconnects and stalls are what only the gallery was asked, as tables have it.
type reconnects struct {
	N                             int
	Sockets, Farewells            string
	Stopping, Starting, Half, All Spread
	Refused, Failed               string
	Most                          Spread
}

type stalls struct {
	N, Readers        int
	Fillers, InKernel Spread
	With, Without     Spread
	Growth            Spread
	Evicted           Spread
}

func restarts(r *trial.Record) reconnects {
	all := reconnects{
		N:        len(r.Reconnects),
		Stopping: each(r.Reconnects, func(c trial.Reconnect) float64 { return c.Stopping }),
		Starting: each(r.Reconnects, func(c trial.Reconnect) float64 { return c.Starting }),
		Half:     each(r.Reconnects, func(c trial.Reconnect) float64 { return c.Half }),
		All:      each(r.Reconnects, func(c trial.Reconnect) float64 { return c.All }),
		Most:     each(r.Reconnects, func(c trial.Reconnect) float64 { return float64(c.MostRefused) }),
	}
	refused, failed, sockets, farewells := map[string]int64{}, map[string]int64{}, 0, int64(0)
	for _, c := range r.Reconnects {
		sockets += c.Watchers
		farewells += c.Farewells
		for status, n := range c.Refused {
			refused[fmt.Sprint(status)] += n
		}
		for why, n := range c.Failed {
			failed[why] += n
		}
	}
	all.Sockets, all.Farewells = short(float64(sockets)), short(float64(farewells))
	all.Refused, all.Failed = tally(refused), tally(failed)
	return all
}

// tally lists counts by what was counted.
func tally(counts map[string]int64) string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		if counts[what] > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", what, short(float64(counts[what]))))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func stalling(r *trial.Record) stalls {
	return stalls{
		N: len(r.Stalls), Readers: stalled(r),
		Fillers:  each(r.Stalls, func(s trial.Stall) float64 { return float64(s.Fillers) }),
		InKernel: each(r.Stalls, func(s trial.Stall) float64 { return s.InKernel / 1024 }),
		With:     each(r.Stalls, func(s trial.Stall) float64 { return s.With.Last }),
		Without:  each(r.Stalls, func(s trial.Stall) float64 { return s.Without.Last }),
		Growth:   each(r.Stalls, func(s trial.Stall) float64 { return s.Growth / 1024 }),
		Evicted:  each(r.Stalls, func(s trial.Stall) float64 { return float64(s.Evicted) }),
	}
}
