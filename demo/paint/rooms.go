package paint

import (
	"math"
	"math/rand/v2"
)

// rooms is a surface divided, and divided again.
func rooms() Picture {
	return Picture{
		Name:    "rooms",
		Title:   "Rooms Without Doors",
		AltText: "White, grey, red, blue and yellow rectangles between black bars of uneven width, in thick oil paint with visible brushwork.",
		Description: "A rectangle is divided, each part is divided, until it is small enough or chance says stop; after Piet Mondrian. " +
			"The paint is a height that the light falls across, brushed along each field's longer side.",
		Palette: []string{"#efebe0", "#141313", "#c3202b", "#1f4a9a", "#f0bf2c", "#d6d3cb", "#f7f3e8", "#e3e6e6"},
		paint:   paintRooms,
	}
}

// room is one field, and how wide the bars on its four sides are: none along
// the edge of the picture.
type room struct {
	left, top, right, bottom float64
	bars                     [4]float64 // in the same order
	colour                   colour
	weave                    float64 // where in the noise its brushwork comes from
}

func paintRooms(palette []colour, variation uint64) *canvas {
	const w, h = 1400, 1600
	r := random(11, variation)
	wobble, brush, fine := newNoise(r), newNoise(r), newNoise(r)
	all := divide(r, palette, room{right: w, bottom: h}, 0)

	owner := make([]int, w*h)
	for i, m := range all {
		for y := int(m.top); y < int(m.bottom); y++ {
			for x := int(m.left); x < int(m.right); x++ {
				owner[y*w+x] = i
			}
		}
	}
	height := make([]float64, w*h)
	c := newCanvas(w, h, palette[0])
	c.each(func(x, y int, _ colour) colour {
		m := all[owner[y*w+x]]
		p := vec{float64(x), float64(y)}
		// Lines drawn by hand are never quite straight.
		shake := 1.5*wobble.at(p.x/130, p.y/130) + 0.6*wobble.at(p.x/11, p.y/11)
		inside := 40.0
		for side, distance := range [4]float64{p.x - m.left, p.y - m.top, m.right - p.x, m.bottom - p.y} {
			if m.bars[side] > 0 {
				inside = min(inside, distance-m.bars[side]/2+shake)
			}
		}
		along, across := p.x, p.y
		if m.bottom-m.top > m.right-m.left {
			along, across = across, along
		}
		strokes := brush.fbm(along/210+m.weave, across/7+m.weave, 3) + 0.5*brush.at(along/34+m.weave, across/3.1)
		canvasWeave := 0.16 * math.Sin(p.x*1.45) * math.Sin(p.y*1.45)
		edge := smooth(9, 0, math.Abs(inside-4)) // paint gathers along a line
		onField := clamp(inside+0.5, 0, 1)
		height[y*w+x] = lerp(0.7*fine.fbm(p.x/16, p.y/16, 2)-0.5, strokes+0.55*edge, onField) + canvasWeave
		worn := 1 + 0.055*fine.fbm(p.x/310+m.weave, p.y/310, 4) + 0.03*strokes
		return palette[1].times(0.9+0.5*max(0, strokes)).mix(m.colour.times(worn), onField)
	})
	c.each(func(x, y int, was colour) colour {
		here := height[y*w+x]
		slope := 0.7*(here-height[y*w+max(x-1, 0)]) + 0.75*(here-height[max(y-1, 0)*w+x])
		light := clamp(1+0.2*slope, 0.72, 1.3)
		return was.times(light).plus(colour{0.02, 0.02, 0.018}.times(max(0, slope) * 1.2))
	})
	c.vignette(0.14)
	return c
}

// divide divides a room until the parts are fit to be painted.
func divide(r *rand.Rand, palette []colour, m room, depth int) []room {
	wide, high := m.right-m.left, m.bottom-m.top
	small := min(wide, high) < 170 || wide*high < 45_000
	if small || depth > 2 && wide*high < 330_000 && r.Float64() < 0.11*float64(depth) {
		m.colour, m.weave = field(r, palette, wide*high), r.Float64()*400
		return []room{m}
	}
	// Not in the middle: a third or so, to either side.
	part := 0.27 + 0.18*r.Float64()
	if r.IntN(2) == 0 {
		part = 1 - part
	}
	first, second := m, m
	bar := []float64{26, 24, 20, 17, 14, 12, 11}[min(depth, 6)] * (0.85 + 0.3*r.Float64())
	if wide*(0.75+0.5*r.Float64()) > high {
		first.right = math.Round(m.left + wide*part)
		second.left = first.right
		first.bars[2], second.bars[0] = bar, bar
	} else {
		first.bottom = math.Round(m.top + high*part)
		second.top = first.bottom
		first.bars[3], second.bars[1] = bar, bar
	}
	return append(divide(r, palette, first, depth+1), divide(r, palette, second, depth+1)...)
}

// field picks a colour: mostly whites, and the strong ones for smaller fields.
func field(r *rand.Rand, palette []colour, area float64) colour {
	strong := 0.56 - area/900_000
	if r.Float64() < strong {
		pick := []int{2, 2, 3, 3, 4, 4, 1}[r.IntN(7)]
		if pick == 1 && area > 50_000 {
			pick = 4 // black is for small fields
		}
		return palette[pick]
	}
	return palette[[]int{0, 5, 6, 7, 6}[r.IntN(5)]]
}
