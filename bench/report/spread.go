package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Spread is a median with the least and the greatest of what was measured.
type Spread struct {
	Median, Min, Max float64
	N                int
}

// spread is the Spread of some figures; NaNs are none.
func spread(figures []float64) Spread {
	figures = slices.DeleteFunc(slices.Clone(figures), math.IsNaN)
	slices.Sort(figures)
	n := len(figures)
	if n == 0 {
		return Spread{math.NaN(), math.NaN(), math.NaN(), 0}
	}
	median := figures[n/2]
	if n%2 == 0 {
		median = (figures[n/2-1] + figures[n/2]) / 2
	}
	return Spread{median, figures[0], figures[n-1], n}
}

// String is the median with the spread behind it, or a dash.
func (s Spread) String() string {
	switch {
	case s.N == 0:
		return "–"
	case s.N == 1:
		return number(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.Median), number(s.Min), number(s.Max))
}

// Short is the median alone.
func (s Spread) Short() string {
	if s.N == 0 {
		return "–"
	}
	return number(s.Median)
}

// number writes three digits that mean something, and thousands apart.
func number(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	if math.Abs(v) < 0.005 {
		return "0"
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	text := fmt.Sprintf("%.*f", max(0, min(2, digits)), v)
	if v < 10_000 {
		return text
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// short is number without zeros behind the point.
func short(v float64) string {
	text := number(v)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// Whole is String for things that are counted.
func (s Spread) Whole() string {
	switch {
	case s.N == 0:
		return "–"
	case s.N == 1, s.Min == s.Max:
		return short(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", short(s.Median), short(s.Min), short(s.Max))
}
