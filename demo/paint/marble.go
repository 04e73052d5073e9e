package paint

import "math"

// marble is noise, bent by noise, bent by noise.
func marble() Picture {
	return Picture{
		Name:    "marble",
		Title:   "A Country Seen from Very High",
		AltText: "Swirls of petrol blue, sand, rust and cream, as of an agate or a delta from the air, crossed by thin veins of gold.",
		Description: "A noise is read at a place that a second noise has shifted, and that one at a place shifted by a third " +
			"(domain warping, after Inigo Quilez). What comes out folds like rock. Where two of the layers agree runs a vein of gold.",
		Palette: []string{"#0c2233", "#16475a", "#5e8d8a", "#e9dcc0", "#c98d4e", "#8c3b2a", "#2b1a22", "#f0c458"},
		paint:   paintMarble,
	}
}

func paintMarble(palette []colour, variation uint64) *canvas {
	const w, h = 1600, 1200
	r := random(7, variation)
	n := newNoise(r)
	shift := vec{r.Float64() * 60, r.Float64() * 60}
	rock := newGradient(palette[6], palette[0], palette[1], palette[2], palette[3], palette[4], palette[5], palette[6])

	type sample struct {
		height, fold, vein float64
	}
	samples := make([]sample, w*h)
	for y := range h {
		for x := range w {
			p := vec{float64(x)/560 + shift.x, float64(y)/560 + shift.y}
			q := vec{n.fbm(p.x, p.y, 3), n.fbm(p.x+5.2, p.y+1.3, 3)}
			s := vec{n.fbm(p.x+2.6*q.x+1.7, p.y+2.6*q.y+9.2, 4), n.fbm(p.x+2.6*q.x+8.3, p.y+2.6*q.y+2.8, 4)}
			f := n.fbm(p.x+2.3*s.x, p.y+2.3*s.y, 6)
			samples[y*w+x] = sample{f, q.length(), s.x - 0.55*q.y}
		}
	}
	c := newCanvas(w, h, palette[0])
	c.each(func(x, y int, _ colour) colour {
		s := samples[y*w+x]
		right, below := samples[y*w+min(x+1, w-1)], samples[min(y+1, h-1)*w+x]
		p := rock.at(0.5 + 0.92*s.height + 0.34*(s.fold-0.35))
		// Bands, as stone is laid down in layers.
		layer := math.Sin(46 * (s.height + 0.3*s.vein))
		p = p.times(1 + 0.07*layer)
		// Light across the folds.
		slope := (s.height-right.height)*0.8 + (s.height-below.height)*0.6
		p = p.times(clamp(1+26*slope, 0.45, 1.7))
		// The vein is the line where the two layers agree: its distance in
		// pixels is the difference over its slope.
		steep := math.Hypot(right.vein-s.vein, below.vein-s.vein) + 1e-5
		for k, level := range []float64{0.02, 0.23, -0.21} {
			distance := math.Abs(s.vein-level) / steep
			thick := []float64{2.2, 1.1, 1.1}[k] * (0.75 + 0.9*n.at(float64(x)/85, float64(y)/85))
			metal := palette[7].times(0.62 + 15*slope + 0.5*grit(x/2, y/2, 3))
			p = p.mix(palette[6], 0.45*smooth(thick+4, thick, distance))
			p = p.mix(metal, clamp(thick+0.5-distance, 0, 1))
		}
		return p
	})
	c.vignette(0.25)
	return c
}
