package paint

import "math"

// penrose is two rhombs that cover the plane and never repeat.
func penrose() Picture {
	return Picture{
		Name:    "penrose",
		Title:   "Fivefold",
		AltText: "A ten-pointed star of gold, rose and plum rhombs that spreads in rings to midnight blue, each tile folded like paper and edged with a fine gold line.",
		Description: "Roger Penrose's two rhombs, made by cutting triangles in the golden ratio, seven times over. " +
			"The pattern has five directions and no period; here each rhomb is folded along its diagonal and lit from one side.",
		Palette: []string{"#0d1030", "#fbe3a6", "#e8a33d", "#d2553f", "#8c2f5e", "#3c2a73", "#1a2a5c", "#2f8f9d", "#f6d58b"},
		paint:   paintPenrose,
	}
}

// halfRhomb is a triangle with the rhomb's diagonal between b and c.
type halfRhomb struct {
	thin    bool
	a, b, c vec
}

func paintPenrose(palette []colour, variation uint64) *canvas {
	const size, cuts = 1500, 7
	r := random(8, variation)
	centre, turn := vec{size / 2, size / 2}, 0.0
	if variation > 0 { // a sibling looks at another place of the same plane
		centre = centre.plus(vec{(r.Float64() - 0.5) * 1100, (r.Float64() - 0.5) * 1100})
		turn = r.Float64()
	}
	reach := 1.95 * size
	if variation == 0 {
		reach = 1.3 * size
	}
	var halves []halfRhomb
	for i := range 10 {
		b := centre.plus(polar(turn+float64(2*i-1)*math.Pi/10, reach))
		c := centre.plus(polar(turn+float64(2*i+1)*math.Pi/10, reach))
		if i%2 == 0 {
			b, c = c, b // neighbours are mirrored, so that edges meet
		}
		halves = append(halves, halfRhomb{true, centre, b, c})
	}
	for range cuts {
		halves = deflate(halves)
	}

	rings := newGradient(palette[1], palette[2], palette[3], palette[4], palette[5], palette[6])
	heart := vec{size / 2, size / 2}
	worn := newNoise(r)
	c := newCanvas(size, size, palette[0])
	sun := vec{-0.6, -0.8}
	for _, t := range halves {
		middle := t.b.mix(t.c, 0.5)
		out := middle.minus(heart)
		far := out.length() / (0.72 * size)
		// Ten waves around, so that the rings become a star.
		wave := 0.055 * math.Cos(10*math.Atan2(out.y, out.x)-10*turn) * smooth(0.05, 0.3, far)
		tint := rings.at(far + wave + 0.012*r.NormFloat64())
		if t.thin {
			tint = tint.mix(palette[7], 0.16+0.5*smooth(0.1, 0.9, far)).times(0.8)
		}
		// The fold: this half leans to one side of the diagonal.
		lean := t.a.minus(middle).unit().dot(sun)
		light := 1 + 0.3*lean
		c.shaded([]vec{t.a, t.b, t.c}, func(x, y int) colour {
			p := vec{float64(x), float64(y)}
			toFold := p.minus(middle).length() / t.a.minus(middle).length()
			return tint.times((light + 0.16*(0.5-toFold)) * (1 + 0.1*worn.fbm(p.x/24, p.y/24, 3)))
		}, 1)
		// The triangles of one rhomb overlap a little along the fold, where
		// both are soft: else the ground would shine through.
		c.line(t.b, t.c, 1.1, tint.times(1.02), 0.7)
	}
	for _, t := range halves {
		far := t.a.minus(heart).length() / (0.72 * size)
		line := palette[8].times(0.95 - 0.55*clamp(far, 0, 1))
		c.line(t.a, t.b, 1.7, line, 0.5)
		c.line(t.a, t.c, 1.7, line, 0.5)
	}
	c.vignette(0.35)
	return c
}

// deflate cuts every half rhomb into smaller ones, in the golden ratio.
func deflate(halves []halfRhomb) []halfRhomb {
	golden := (1 + math.Sqrt(5)) / 2
	out := make([]halfRhomb, 0, 3*len(halves))
	for _, t := range halves {
		if t.thin {
			p := t.a.mix(t.b, 1/golden)
			out = append(out, halfRhomb{true, t.c, p, t.b}, halfRhomb{false, p, t.c, t.a})
			continue
		}
		q, s := t.b.mix(t.a, 1/golden), t.b.mix(t.c, 1/golden)
		out = append(out, halfRhomb{false, s, t.c, t.a}, halfRhomb{false, q, s, t.b}, halfRhomb{true, s, q, t.a})
	}
	return out
}
