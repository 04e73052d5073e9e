package paint

import (
	"math"
	"math/rand/v2"
)

// glass is a leaded window, its panes the cells of a Voronoi diagram.
func glass() Picture {
	return Picture{
		Name:    "glass",
		Title:   "Window for a Small Chapel",
		AltText: "A round stained-glass window: rings of ruby, blue, green and amber panes around a golden centre, held by dark lead lines, with light behind it.",
		Description: "Panes are the cells of a Voronoi diagram over rings of points that were set a little out " +
			"of true, as a hand would. The lead runs along the borders, and each pane has the streaks and bubbles of blown glass.",
		Palette: []string{"#0a0a10", "#e9b23c", "#b5202e", "#1d4fa3", "#0f7a5c", "#e2722e", "#5b2a86", "#6fb7d8", "#f4e3b2"},
		paint:   paintGlass,
	}
}

// pane is one piece of glass.
type pane struct {
	at     vec
	colour colour
	phase  float64 // of its streaks
	zone   int     // 0 inside the small ring, 1 between the rings, 2 in the corners
}

// The rings, as parts of the picture's width.
const innerRing, outerRing = 0.135, 0.468

func paintGlass(palette []colour, variation uint64) *canvas {
	const size = 1500
	r := random(2, variation)
	centre := vec{size / 2, size / 2}
	panes := rosePanes(r, palette, centre, size)
	streaks, clouds := newNoise(r), newNoise(r)
	lead := palette[0]

	zone := func(p vec) int {
		out := p.minus(centre).length() / size
		if out < innerRing {
			return 0
		} else if out < outerRing {
			return 1
		}
		return 2
	}
	index := newPointIndex(size, size, 60)
	for i, p := range panes {
		index.add(p.at, i)
	}
	index.settle()
	c := newCanvas(size, size, lead)
	c.each(func(x, y int, _ colour) colour {
		p := vec{float64(x) + 0.5, float64(y) + 0.5}
		// The nearest pane on this side of the rings, and how far its border
		// is: the least distance to any of the perpendicular bisectors.
		side, near := zone(p), index.around(p)
		own, best := -1, math.Inf(1)
		for _, i := range near {
			d := panes[i].at.minus(p)
			if square := d.dot(d); square < best && panes[i].zone == side {
				own, best = i, square
			}
		}
		if own < 0 {
			return lead
		}
		border := math.Inf(1)
		for _, i := range near {
			if i == own || panes[i].zone != side {
				continue
			}
			across := panes[i].at.minus(panes[own].at)
			middle := panes[i].at.plus(panes[own].at).times(0.5)
			border = min(border, middle.minus(p).dot(across)/across.length())
		}
		// The iron that holds the rings and the frame.
		out := p.minus(centre).length()
		iron := min(math.Abs(out-innerRing*size), math.Abs(out-outerRing*size)) - 7
		iron = min(iron, min(min(p.x, p.y), min(size-p.x, size-p.y))-17)

		glass := panes[own]
		streak := streaks.fbm(p.x/120*math.Cos(glass.phase)+p.y/120*math.Sin(glass.phase)+glass.phase*9, (p.y*math.Cos(glass.phase)-p.x*math.Sin(glass.phase))/16, 3)
		bubble := smooth(0.62, 0.8, streaks.at(p.x/9+glass.phase*31, p.y/9))
		light := 1.35 - 0.85*smooth(0, 0.75*size, out) + 0.22*clouds.fbm(p.x/230, p.y/230, 3)
		// Thicker towards the lead, where the light comes in from the side.
		light *= 0.55 + 0.45*smooth(2, 30, min(border, iron))
		shine := glass.colour.times(light * (1 + 0.42*streak)).plus(palette[8].times(0.07 * bubble * light))
		// Glass that is lit strongly is paler in its heart.
		shine = shine.mix(palette[8].times(light), 0.16*smooth(10, 60, border)*light)

		seam := min(border-3.2, iron)
		// Lead is round: a thin light along its back.
		back := lead.plus(colour{0.05, 0.05, 0.06}.times(smooth(-1.2, -2.6, seam) * (1 + streak)))
		return back.mix(shine, clamp(seam+0.5, 0, 1))
	})
	return c
}

// rosePanes sets the panes: rings around a centre, and a ground of scattered
// ones in the corners.
func rosePanes(r *rand.Rand, palette []colour, centre vec, size float64) []pane {
	tint := func(k int) colour { // no two panes from one sheet are alike
		return palette[k].times(0.75 + 0.5*r.Float64()).plus(colour{float32(r.Float64()), float32(r.Float64()), float32(r.Float64())}.times(0.012))
	}
	panes := []pane{{at: centre, colour: tint(8)}}
	rings := []struct {
		radius float64
		count  int
		hues   []int
	}{
		{0.052, 8, []int{1}}, {0.102, 16, []int{1, 5}},
		{0.165, 16, []int{2}}, {0.215, 32, []int{3, 3, 7, 3}}, {0.262, 32, []int{3, 2}},
		{0.312, 32, []int{5, 1}}, {0.358, 48, []int{4, 4, 7}}, {0.4, 48, []int{6, 2, 6}}, {0.441, 64, []int{3, 3, 2, 3}},
	}
	turn := r.Float64()
	for k, ring := range rings {
		shift := turn + float64(k%2)*0.5
		for i := range ring.count {
			angle := 2*math.Pi*(float64(i)+shift)/float64(ring.count) + r.NormFloat64()*0.012
			radius := (ring.radius + r.NormFloat64()*0.0042) * size
			panes = append(panes, pane{
				at:     centre.plus(polar(angle, radius)),
				colour: tint(ring.hues[i%len(ring.hues)]),
				phase:  r.Float64() * math.Pi,
				zone:   min(1, int(ring.radius/innerRing)),
			})
		}
	}
	corner := []int{3, 3, 6, 4, 3, 7}
	for tries := 0; tries < 6000; tries++ {
		p := pane{
			at:     vec{r.Float64() * size, r.Float64() * size},
			colour: tint(corner[r.IntN(len(corner))]).times(0.6),
			phase:  r.Float64() * math.Pi,
			zone:   2,
		}
		if p.at.minus(centre).length() < 0.485*size {
			continue
		}
		crowded := false
		for _, q := range panes {
			if q.at.minus(p.at).length() < 50 {
				crowded = true
				break
			}
		}
		if !crowded {
			panes = append(panes, p)
		}
	}
	return panes
}
