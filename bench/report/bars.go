package report

import (
	"fmt"
	"math"
)

// bar is one line of a bar plot.
type bar struct {
	name   string
	colour int
	value  Spread
}

// bars draws a bar for each, on a logarithmic scale where the greatest is more
// than twenty times the least, with whiskers from the least to the greatest
// figure.
func bars(title, unit string, all []bar) []byte {
	const left, right, top, step = 250, 190, 44, 30
	var shown []bar
	most, least := 0.0, math.Inf(1)
	for _, b := range all {
		if b.value.N > 0 && b.value.Median > 0 {
			shown = append(shown, b)
			most, least = max(most, b.value.Max), min(least, b.value.Median)
		}
	}
	const width = 860
	d := draw(width, top+step*len(shown)+30, title)
	logarithmic := most > 20*least
	place := func(v float64) float64 {
		room := float64(width - left - right)
		if logarithmic {
			low := math.Log10(least) - 0.3
			return max(0, (math.Log10(max(v, 1e-9))-low)/(math.Log10(most)-low)*room)
		}
		return max(0, v/most*room)
	}
	for i, b := range shown {
		y := float64(top + i*step)
		d.text(left-10, y+15, "", "end", b.name)
		d.bar(left, y+2, place(b.value.Median), 17, fmt.Sprintf("f%d", b.colour))
		end := place(b.value.Median)
		if b.value.N > 1 {
			d.line(left+place(b.value.Min), y+10.5, left+place(b.value.Max), y+10.5, "whisker")
			end = max(end, place(b.value.Max))
		}
		d.text(left+end+8, y+15, "", "start", b.value.Short()+" "+unit)
	}
	note := "median; the whisker is the least and the greatest of the rounds"
	if logarithmic {
		note += "; logarithmic scale"
	}
	d.text(left, float64(top+step*len(shown)+16), "small quiet", "start", note)
	return d.bytes()
}
