package report

import (
	"fmt"
	"math"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/bench/trial"
)

// Target is one line of the table of what had to be reached.
type Target struct {
	Measure   string
	Least     float64 // the bound; it is missed above it, or below it where More
	Aim       float64
	More      bool // more is better
	Unit      string
	Elsewhere string // the best that was known of others before this was measured
	Got       Spread
	How       string
	Count     bool // of things, not a measure
}

// Measured is what was measured, with its unit.
func (t Target) Measured() string {
	if t.Count || t.Got.Median >= 10_000 {
		return t.Got.Whole() + t.Unit
	}
	return t.Got.String() + t.Unit
}

// Verdict says in a word how far it went.
func (t Target) Verdict() string {
	if t.Got.N == 0 {
		return "not measured"
	}
	reaches := func(bound float64) bool {
		got := math.Round(t.Got.Median*100) / 100
		if t.More {
			return got >= bound
		}
		return got <= bound
	}
	switch {
	case reaches(t.Aim):
		return "aim reached"
	case reaches(t.Least):
		return "reached"
	}
	return "**missed**"
}

// Bound and Goal are Least and Aim as the table writes them.
func (t Target) Bound() string { return t.bounded(t.Least) }

// Goal is Aim as the table writes it.
func (t Target) Goal() string { return t.bounded(t.Aim) }

func (t Target) bounded(v float64) string {
	sign := "≤"
	if t.More {
		sign = "≥"
	}
	if v == 0 {
		return "0"
	}
	return sign + " " + short(v) + t.Unit
}

// targets holds a record against what had to be reached.
func targets(r *trial.Record) []Target {
	this, nodes, channels, base := servers.Gallery.Name, servers.GalleryNodes.Name, servers.Channels.Name, floor(r)
	views := func(engine string) Spread {
		var all []float64
		for _, v := range r.Views {
			if v.Engine == engine {
				all = append(all, v.Rate)
			}
		}
		return spread(all)
	}
	ours := func(name string) bool { return name == this || name == nodes }
	messages, lost, doubled := spoiled(r, ours)
	wrong := Spread{N: messages, Median: float64(lost + doubled), Min: float64(lost + doubled), Max: float64(lost + doubled)}
	over := "the rounds, ÷ the bare loop of the same round"
	table := []Target{
		{Measure: "server CPU per delivered message ÷ the bare `write()` loop", Least: 1.15, Aim: 1.05, Elsewhere: "uWebSockets 1.04 · nchan 1.26 · Centrifugo 1.9 · Channels 37",
			Got: ratio(r, this, base, messageCPU), How: over + "; the comment that reveals, its commit and its answer are in ours"},
		{Measure: "reveal to the last socket ÷ the bare loop on one thread", Least: 1.15, Aim: 1.00, Elsewhere: "uWebSockets 1.15",
			Got: ratio(r, this, base, lastSocket), How: over + "; ours counts from the request of the comment"},
		{Measure: "reveal to the first socket", Least: 2, Aim: 0.5, Unit: " ms", Elsewhere: "nchan 0.2 ms",
			Got: each(r.Doorbells, func(d trial.Doorbell) float64 { return d.Bell.First }), How: "from Redis' `PUBLISH` of the reveal on a node with all sockets"},
		{Measure: "user-space memory per idle socket", Least: 2, Aim: 1, Unit: " KiB", Elsewhere: "uWebSockets 0.49 · nchan 10 · Centrifugo 46",
			Got: of(r, this, memoryKiB), How: "growth of the process's PSS ÷ sockets, after 3 s of quiet"},
		{Measure: "server CPU per handshake, artwork known", Least: 110, Aim: 50, Unit: " µs", Elsewhere: "uWebSockets 37 · nchan 56 · Centrifugo 271",
			Got: of(r, this, handshake), How: "256 handshakes under way at once; the first `artwork_status` is in it"},
		{Measure: "server CPU per handshake, token checked on the notifications endpoint", Least: 110, Aim: 50, Unit: " µs", Elsewhere: "",
			Got: of(r, this, tokened), How: fmt.Sprintf("the same, %d users' tokens in turn; the `welcome` is in it", servers.Listeners)},
		{Measure: "Channels ÷ this: CPU per message", Least: 30, Aim: 35, More: true, Got: ratio(r, channels, this, messageCPU), How: "Daphne and Redis ÷ ours of the same round"},
		{Measure: "Channels ÷ this: last socket", Least: 20, Aim: 30, More: true, Got: ratio(r, channels, this, lastSocket), How: "the same"},
		{Measure: "Channels ÷ this: memory per socket", Least: 15, Aim: 30, More: true, Got: ratio(r, channels, this, memoryKiB), How: "the same"},
		{Measure: "Channels ÷ this: CPU per handshake", Least: 15, Aim: 30, More: true, Got: ratio(r, channels, this, handshake), How: "the same"},
		{Measure: "real path (`POST …/comments` → commit → outbox → broker → sockets): added time before the first socket", Least: 10, Aim: 3, Unit: " ms",
			Got: each(r.Doorbells, func(d trial.Doorbell) float64 { return d.Act.First - d.Bell.First }), How: "PostgreSQL and Redis: first socket after the request − first socket after `PUBLISH`"},
		{Measure: "the same on SQLite, the whole way", Least: 10, Aim: 3, Unit: " ms", Got: of(r, this, firstSocket), How: "first socket after the request; nothing subtracted"},
		{Measure: fmt.Sprintf("%d readers stalled: the others' last receiver ÷ without them", stalled(r)), Least: 1.2, Aim: 1.05,
			Got: each(r.Stalls, func(s trial.Stall) float64 { return s.With.Last / s.Without.Last }), How: "a system message to as many notifications sockets; before, in the same process, one with the same sockets reading"},
		{Measure: "the same: growth of memory for each", Least: 1024, Aim: 64, Unit: " KiB", Elsewhere: "gws 7 MB",
			Got: each(r.Stalls, func(s trial.Stall) float64 { return s.Growth / 1024 }), How: "PSS, from before they stall until after the message; they are sent 1 KB notifications until the kernel takes no more, and on"},
		{Measure: "views a second on one work, 64 clients, SQLite (`synchronous=FULL`)", Least: 20_000, Aim: 40_000, More: true, Elsewhere: "Django ORM on SQLite 620",
			Got: views("SQLite"), How: "`BenchmarkViews`, in-process, each answered after its commit"},
		{Measure: "the same, PostgreSQL (fsync on)", Least: 10_000, Aim: 20_000, More: true, Got: views("PostgreSQL"), How: "the same"},
		{Measure: "reconnects at once after a restart: all back", Least: 10, Aim: 3, Unit: " s",
			Got: each(r.Reconnects, func(c trial.Reconnect) float64 { return c.All }), How: "every socket connects in the moment the new process listens"},
		{Measure: "the same: refusals of the unluckiest", Least: 2, Aim: 2, Count: true, Got: each(r.Reconnects, func(c trial.Reconnect) float64 { return float64(c.MostRefused) }), How: "503 or 429, of one socket"},
		{Measure: "lost, doubled", Count: true, Got: wrong, How: fmt.Sprintf("all %s messages of ours in this run, each compared byte for byte", short(float64(messages)))},
	}
	if wrong.N > 0 {
		table[len(table)-1].Got.N = 1 // a sum, not a median
	}
	return table
}

func stalled(r *trial.Record) int {
	if len(r.Stalls) == 0 {
		return 5
	}
	return r.Stalls[0].Readers
}
