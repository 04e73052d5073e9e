package report

import (
	"fmt"
	"math"
	"slices"
)

// series is one line of a plot.
type series struct {
	name   string
	colour int
	ours   bool
	points [][2]float64 // x and y, both above 0, in order of x
}

// lines draws series over a logarithmic x, with both axes logarithmic where
// wanted. Each is named at its end.
func lines(title, xName, yName string, logY bool, all []series) []byte {
	const width, height = 860, 430
	const left, right, top, bottom = 70, 250, 62, 52
	d := draw(width, height, title)
	xs, ys := map[float64]bool{}, []float64{}
	for _, s := range all {
		for _, p := range s.points {
			xs[p[0]] = true
			ys = append(ys, p[1])
		}
	}
	if len(ys) == 0 {
		return d.bytes()
	}
	ticks := make([]float64, 0, len(xs))
	for x := range xs {
		ticks = append(ticks, x)
	}
	slices.Sort(ticks)
	low, high := math.Log10(ticks[0]), math.Log10(ticks[len(ticks)-1])
	atX := func(x float64) float64 {
		return left + (math.Log10(x)-low)/max(high-low, 1e-9)*(width-left-right)
	}
	grid, scale := axis(slices.Min(ys), slices.Max(ys), logY)
	atY := func(y float64) float64 { return height - bottom - scale(y)*(height-top-bottom) }
	d.text(left-8, top-14, "small quiet", "start", yName)
	for _, y := range grid {
		d.line(left, atY(y), width-right, atY(y), "grid")
		d.text(left-8, atY(y)+4, "small", "end", short(y))
	}
	last := math.Inf(-1)
	for _, x := range ticks {
		d.line(atX(x), top, atX(x), height-bottom, "grid")
		if atX(x)-last > 44 {
			d.text(atX(x), height-bottom+18, "small", "middle", short(x))
			last = atX(x)
		}
	}
	d.text((left+width-right)/2, height-14, "small quiet", "middle", xName)
	// Names that would cover each other are moved apart, from the top down.
	slices.SortFunc(all, func(a, b series) int {
		return -cmpFloat(a.points[len(a.points)-1][1], b.points[len(b.points)-1][1])
	})
	free := math.Inf(-1)
	for _, s := range all {
		class := fmt.Sprintf("c%d", s.colour)
		if s.ours {
			class += " ours"
		}
		if s.colour == 0 {
			class += " dashed"
		}
		var way [][2]float64
		for _, p := range s.points {
			way = append(way, [2]float64{atX(p[0]), atY(p[1])})
		}
		d.path(way, class)
		for _, p := range way {
			d.dot(p[0], p[1], fmt.Sprintf("f%d", s.colour))
		}
		end := way[len(way)-1]
		y := max(end[1]+4, free)
		free = y + 15
		d.text(width-right+10, y, fmt.Sprintf("f%d", s.colour), "start", s.name)
	}
	return d.bytes()
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// axis chooses grid lines for figures and how to place them, between 0 and 1.
func axis(least, most float64, logarithmic bool) (grid []float64, scale func(float64) float64) {
	if logarithmic {
		low, high := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
		high = max(high, low+1)
		for e := low; e <= high; e++ {
			grid = append(grid, math.Pow(10, e))
		}
		return grid, func(v float64) float64 { return (math.Log10(v) - low) / (high - low) }
	}
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for most/step < 4 {
		step /= 2
	}
	top := math.Ceil(most/step) * step
	for v := 0.0; v <= top+step/2; v += step {
		grid = append(grid, v)
	}
	return grid, func(v float64) float64 { return v / top }
}
