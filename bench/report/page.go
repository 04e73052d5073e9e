package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/bench/trial"
)

//go:embed page.md.tmpl
var pageText string

// prose names the files that people write, in the directory of that name.
var prose = []string{"begin", "failed", "profiles", "method"}

// Write makes out/performance.md and the plots in out/performance of a record
// and of the prose in a directory.
func Write(r *trial.Record, proseDir, out string) error {
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	c := content(r)
	for _, name := range prose {
		text, err := os.ReadFile(filepath.Join(proseDir, name+".md"))
		if err != nil {
			return fmt.Errorf("read the prose: %w", err)
		}
		c.Prose[name] = strings.TrimSpace(string(text))
	}
	var text bytes.Buffer
	if err := page.Execute(&text, c); err != nil {
		return fmt.Errorf("make the page: %w", err)
	}
	folder := filepath.Join(out, "performance")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, p := range slices.Concat(c.Bars, c.Curves) {
		if err := os.WriteFile(filepath.Join(folder, p.File), p.svg, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(out, "performance.md"), text.Bytes(), 0o644)
}

// sheet is what the template is given.
type sheet struct {
	*trial.Record
	Watchers     string
	Payload      int
	Prose        map[string]string
	Targets      []Target
	Missed       []string
	Contenders   []row
	Bars, Curves []plot

	Watched, Spread     []tableLine
	WatchedAt, SpreadAt []string
	Reconnects          reconnects
	Stalls              stalls
}

// row is a contender in the table.
type row struct {
	Title, Plain, Counted       string
	CPU, OverCPU, First, Median Spread
	Last, OverLast              Spread
	Memory, Handshake, Token    Spread
	Spoiled                     string
}

// tableLine is a contender's curve as a table has it.
type tableLine struct {
	Name   string
	Values []string
}

func content(r *trial.Record) sheet {
	s := sheet{Record: r, Watchers: short(float64(r.Watchers)), Payload: servers.PayloadSize, Prose: map[string]string{}, Targets: targets(r)}
	for _, t := range s.Targets {
		if t.Verdict() == "**missed**" {
			s.Missed = append(s.Missed, t.Measure)
		}
	}
	base := floor(r)
	for _, c := range servers.All() {
		x := row{
			Title: c.Title, Plain: plain(c), Counted: c.Counted,
			CPU: of(r, c.Name, messageCPU), OverCPU: ratio(r, c.Name, base, messageCPU),
			First: of(r, c.Name, firstSocket), Median: of(r, c.Name, medianSocket),
			Last: of(r, c.Name, lastSocket), OverLast: ratio(r, c.Name, base, lastSocket),
			Memory: of(r, c.Name, memoryKiB), Handshake: of(r, c.Name, handshake), Token: of(r, c.Name, tokened),
		}
		_, lost, doubled := spoiled(r, func(name string) bool { return name == c.Name })
		x.Spoiled = fmt.Sprintf("%d, %d", lost, doubled)
		if x.CPU.N > 0 {
			s.Contenders = append(s.Contenders, x)
		}
	}
	for _, p := range plots(r) {
		switch {
		case strings.HasPrefix(p.File, "curve-") && len(r.Curve) > 0, strings.HasPrefix(p.File, "works-") && len(r.Works) > 0:
			s.Curves = append(s.Curves, p)
		case !strings.Contains(p.File, "-"):
			s.Bars = append(s.Bars, p)
		}
	}
	if len(r.Curve) > 0 {
		s.WatchedAt, s.Watched = table(watched(r, messageCPU))
	}
	if len(r.Works) > 0 {
		s.SpreadAt, s.Spread = table(spreadOut(r, memoryKiB), spreadOut(r, handshake), spreadOut(r, messageCPU))
	}
	s.Reconnects, s.Stalls = restarts(r), stalling(r)
	return s
}

// table writes curves as lines of a table, several figures in one cell.
func table(figures ...[]series) (at []string, all []tableLine) {
	var xs []float64
	for _, s := range figures[0] {
		for _, p := range s.points {
			if !slices.Contains(xs, p[0]) {
				xs = append(xs, p[0])
			}
		}
	}
	slices.Sort(xs)
	for _, x := range xs {
		at = append(at, strconv.Itoa(int(x)))
	}
	for _, c := range servers.All() {
		line := tableLine{Name: c.Title}
		found := false
		for _, x := range xs {
			var cell []string
			for _, all := range figures {
				cell = append(cell, value(all, plain(c), x))
			}
			text := strings.Join(cell, " · ")
			found = found || strings.ContainsAny(text, "0123456789")
			line.Values = append(line.Values, text)
		}
		if found {
			all = append(all, line)
		}
	}
	return at, all
}

// value is the figure of a series at a place, or a dash.
func value(all []series, name string, x float64) string {
	for _, s := range all {
		for _, p := range s.points {
			if s.name == name && p[0] == x {
				return number(p[1])
			}
		}
	}
	return "–"
}
