package report

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"invisibleart.example/gallery/bench/trial"
)

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		v           float64
		want, short string
	}{
		{0, "0", "0"}, {0.0321, "0.03", "0.03"}, {1.15, "1.15", "1.15"}, {2, "2.00", "2"}, {12.34, "12.3", "12.3"}, {10, "10.0", "10"},
		{100, "100", "100"}, {1234, "1234", "1234"}, {23456, "23,456", "23,456"}, {1234567, "1,234,567", "1,234,567"}, {math.NaN(), "–", "–"},
	} {
		if got := number(c.v); got != c.want {
			t.Errorf("number(%v): got %q, want %q", c.v, got, c.want)
		}
		if got := short(c.v); got != c.short {
			t.Errorf("short(%v): got %q, want %q", c.v, got, c.short)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		figures []float64
		want    string
	}{
		{nil, "–"}, {[]float64{3}, "3.00"}, {[]float64{3, 1, 2}, "2.00 (1.00–3.00)"}, {[]float64{4, 1, 2, 3}, "2.50 (1.00–4.00)"},
		{[]float64{math.NaN(), 5}, "5.00"},
	} {
		if got := spread(c.figures).String(); got != c.want {
			t.Errorf("spread of %v: got %s, want %s", c.figures, got, c.want)
		}
	}
}

// TestRatio holds that a ratio is taken within a round: between rounds the
// machine may have changed.
func TestRatio(t *testing.T) {
	r := &trial.Record{Visits: []trial.Visit{
		{Contender: "floor", Round: 1, MessageCPU: 10}, {Contender: "gallery", Round: 1, MessageCPU: 11},
		{Contender: "floor", Round: 2, MessageCPU: 20}, {Contender: "gallery", Round: 2, MessageCPU: 24},
		{Contender: "gallery", Round: 3, MessageCPU: 1000},
	}}
	if got, want := ratio(r, "gallery", "floor", messageCPU).String(), "1.15 (1.10–1.20)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		t    Target
		got  float64
		want string
	}{
		{Target{Least: 1.15, Aim: 1.05}, 1.05, "aim reached"}, {Target{Least: 1.15, Aim: 1.05}, 1.15, "reached"}, {Target{Least: 1.15, Aim: 1.05}, 1.16, "**missed**"},
		{Target{Least: 30, Aim: 35, More: true}, 29.9, "**missed**"}, {Target{Least: 30, Aim: 35, More: true}, 31, "reached"}, {Target{Least: 30, Aim: 35, More: true}, 35, "aim reached"},
		{Target{}, 0, "aim reached"}, {Target{}, 1, "**missed**"},
	} {
		c.t.Got = spread([]float64{c.got})
		if got := c.t.Verdict(); got != c.want {
			t.Errorf("%v against at least %v and the aim %v: got %s, want %s", c.got, c.t.Least, c.t.Aim, got, c.want)
		}
	}
	if got, want := (Target{}).Verdict(), "not measured"; got != want {
		t.Errorf("nothing measured: got %s, want %s", got, want)
	}
}

// TestEmptyRecord makes a page of nothing: a run that was cut short must not
// take the page along.
func TestEmptyRecord(t *testing.T) {
	out := t.TempDir()
	if err := Write(&trial.Record{Watchers: 10, Rounds: 1}, "../prose", out); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(out, "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "not measured") || strings.Contains(string(page), "NaN") {
		t.Errorf("the page of an empty record does not say that nothing was measured:\n%s", page)
	}
}
