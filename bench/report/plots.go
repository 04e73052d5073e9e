package report

import (
	"math"
	"slices"
	"strings"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/bench/trial"
)

// plot is a file beside the page.
type plot struct {
	File, Alt string
	svg       []byte
}

// colours of contenders, as classes of the style.
var colours = map[string]int{
	servers.FloorC.Name: 0, servers.FloorGo.Name: 0, servers.Gallery.Name: 1, servers.GalleryNodes.Name: 2, servers.Nchan.Name: 3,
	servers.Gws.Name: 4, servers.Gorilla.Name: 5, servers.Coder.Name: 6, servers.Channels.Name: 7,
}

// plots draws everything that a record has figures for.
func plots(r *trial.Record) []plot {
	var all []plot
	add := func(file, alt string, svg []byte) { all = append(all, plot{file, alt, svg}) }
	base := floor(r)
	over := func(f figure) (list []bar) {
		for _, c := range servers.All() {
			list = append(list, bar{plain(c), colours[c.Name], ratio(r, c.Name, base, f)})
		}
		return list
	}
	figures := func(f figure) (list []bar) {
		for _, c := range servers.All() {
			list = append(list, bar{plain(c), colours[c.Name], of(r, c.Name, f)})
		}
		return list
	}
	add("cpu.svg", "processor time of one message", bars("Server CPU per delivered message, × the bare loop", "×", over(messageCPU)))
	add("last.svg", "time to the last socket", bars("Reveal to the last socket, × the bare loop", "×", over(lastSocket)))
	add("memory.svg", "memory of an idle socket", bars("User-space memory per idle socket", "KiB", figures(memoryKiB)))
	add("handshake.svg", "processor time of a handshake", bars("Server CPU per handshake", "µs", figures(handshake)))
	add("curve-cpu.svg", "processor time of one message over watchers", lines("Server CPU per delivered message", "watchers of one artwork", "µs", true, watched(r, messageCPU)))
	add("curve-last.svg", "time to the last socket over watchers", lines("Reveal to the last socket", "watchers of one artwork", "ms", true, watched(r, lastSocket)))
	add("curve-memory.svg", "memory per socket over watchers", lines("User-space memory per idle socket", "watchers of one artwork", "KiB", true, watched(r, memoryKiB)))
	add("works-memory.svg", "memory per socket over artworks", lines("User-space memory per idle socket, the sockets spread over artworks", "artworks", "KiB", true, spreadOut(r, memoryKiB)))
	add("works-handshake.svg", "processor time of a handshake over artworks", lines("Server CPU per handshake, the sockets spread over artworks", "artworks", "µs", true, spreadOut(r, handshake)))
	return all
}

// watched is a figure over the number of watchers.
func watched(r *trial.Record, f figure) []series {
	return gathered(append(slices.Clone(r.Curve), r.Visits...), f, func(v trial.Visit) int { return v.Watchers })
}

// spreadOut is a figure over the number of artworks.
func spreadOut(r *trial.Record, f figure) []series {
	var visits []trial.Visit
	for _, v := range append(slices.Clone(r.Works), r.Visits...) {
		if slices.ContainsFunc(r.Works, func(w trial.Visit) bool { return w.Contender == v.Contender }) {
			visits = append(visits, v)
		}
	}
	return gathered(visits, f, func(v trial.Visit) int { return v.Topics })
}

// gathered makes a series for each contender with at least two points, each the
// median of its visits.
func gathered(visits []trial.Visit, f figure, x func(trial.Visit) int) []series {
	var all []series
	for _, c := range servers.All() {
		if c.Name == servers.FloorGo.Name {
			continue
		}
		at := map[int][]float64{}
		for _, v := range visits {
			if v.Contender == c.Name {
				at[x(v)] = append(at[x(v)], f(v))
			}
		}
		s := series{name: plain(c), colour: colours[c.Name], ours: strings.HasPrefix(c.Name, servers.Gallery.Name)}
		for n, figures := range at {
			if y := spread(figures).Median; y > 0 && !math.IsNaN(y) {
				s.points = append(s.points, [2]float64{float64(n), y})
			}
		}
		slices.SortFunc(s.points, func(a, b [2]float64) int { return cmpFloat(a[0], b[0]) })
		if len(s.points) > 1 {
			all = append(all, s)
		}
	}
	return all
}

// plain is a title without Markdown.
func plain(c servers.Contender) string { return strings.NewReplacer("*", "", "`", "").Replace(c.Title) }
