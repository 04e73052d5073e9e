package report

import (
	"math"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/bench/trial"
)

// figure is one number of a visit.
type figure func(trial.Visit) float64

var (
	messageCPU   figure = func(v trial.Visit) float64 { return v.MessageCPU }
	firstSocket  figure = func(v trial.Visit) float64 { return v.First }
	medianSocket figure = func(v trial.Visit) float64 { return v.Median }
	lastSocket   figure = func(v trial.Visit) float64 { return v.Last }
	memoryKiB    figure = func(v trial.Visit) float64 { return v.Memory / 1024 }
	handshake    figure = func(v trial.Visit) float64 { return v.HandshakeCPU }
	tokened      figure = func(v trial.Visit) float64 {
		if v.NotifyCPU == 0 {
			return math.NaN()
		}
		return v.NotifyCPU
	}
)

// of is a figure of a contender over the rounds.
func of(r *trial.Record, contender string, f figure) Spread {
	var all []float64
	for _, v := range r.Visits {
		if v.Contender == contender {
			all = append(all, f(v))
		}
	}
	return spread(all)
}

// ratio divides a figure of one contender by that of another, round by round:
// what the machine does in one round meets both.
func ratio(r *trial.Record, above, below string, f figure) Spread {
	var all []float64
	for _, v := range r.Visits {
		for _, w := range r.Visits {
			if v.Contender == above && w.Contender == below && v.Round == w.Round && f(w) != 0 {
				all = append(all, f(v)/f(w))
			}
		}
	}
	return spread(all)
}

// floor is the contender that the others are divided by: the loop in C, or the
// one in Go where there was no compiler.
func floor(r *trial.Record) string {
	for _, v := range r.Visits {
		if v.Contender == servers.FloorC.Name {
			return servers.FloorC.Name
		}
	}
	return servers.FloorGo.Name
}

// spoiled counts messages that were lost or doubled, in everything that was
// measured of contenders that pass.
func spoiled(r *trial.Record, pass func(contender string) bool) (messages int, lost, doubled int64) {
	add := func(n int, a trial.Arrivals) {
		messages += n
		lost += a.Lost
		doubled += a.Doubled
	}
	for _, visits := range [][]trial.Visit{r.Visits, r.Curve, r.Works} {
		for _, v := range visits {
			if pass(v.Contender) {
				add(v.Watchers, v.Arrivals)
			}
		}
	}
	if pass(servers.GalleryNodes.Name) {
		for _, d := range r.Doorbells {
			add(r.Watchers, d.Bell)
		}
	}
	if pass(servers.Gallery.Name) {
		for _, s := range r.Stalls {
			add(s.Watchers-s.Readers, s.With)
			add(s.Watchers-s.Readers, s.Without)
		}
		for _, c := range r.Reconnects {
			add(c.Watchers, c.After)
		}
	}
	return messages, lost, doubled
}

// each makes a Spread of one figure of many things.
func each[T any](things []T, f func(T) float64) Spread {
	var all []float64
	for _, t := range things {
		all = append(all, f(t))
	}
	return spread(all)
}
