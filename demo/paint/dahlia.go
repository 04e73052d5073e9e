package paint

import "math"

// dahlia is a flower in which each petal stands at the golden angle to the
// one before.
func dahlia() Picture {
	return Picture{
		Name:    "dahlia",
		Title:   "Dahlia, Counted",
		AltText: "A dahlia seen from the front: hundreds of pointed petals in spirals, dark red at the heart, through coral to pale pink at the tips of the outermost, on a deep green ground.",
		Description: "Phyllotaxis: every petal stands 137.5 degrees from the one before, and a little further out. " +
			"The spirals that the eye follows were not drawn; they count 21, 34 and 55.",
		Palette: []string{"#0d1f1b", "#3b0a1f", "#8f1537", "#d8344f", "#f27d72", "#fbd3c2", "#ffe9a8", "#1f4a3a"},
		paint:   paintDahlia,
	}
}

func paintDahlia(palette []colour, variation uint64) *canvas {
	const size, petals = 1500, 520
	r := random(9, variation)
	centre := vec{size / 2, size / 2}
	golden := math.Pi * (3 - math.Sqrt(5))
	turn := r.Float64() * 2 * math.Pi
	leaf, vein := newNoise(r), newNoise(r)
	lush := 1.0
	if variation > 0 {
		lush = 0.85 + 0.3*r.Float64()
	}

	c := newCanvas(size, size, palette[0])
	c.each(func(x, y int, was colour) colour {
		p := vec{float64(x), float64(y)}
		d := p.minus(centre).length() / size
		return was.mix(palette[7], 0.55*smooth(0.75, 0.1, d)*(0.8+0.7*leaf.fbm(p.x/260, p.y/260, 4)))
	})
	ways := newGradient(palette[2], palette[3], palette[4], palette[5])
	hearts := newGradient(palette[1], palette[1], palette[2], palette[3], palette[4])
	for i := petals; i >= 1; i-- { // the outermost first, the heart on top
		t := float64(i) / petals
		angle := turn + float64(i)*golden
		from := 0.375 * size * math.Pow(t, 0.62)
		long := size * (0.018 + 0.128*math.Pow(t, 0.6)) * (1 + 0.05*r.NormFloat64())
		wide := long * (0.64 - 0.16*t) * lush
		root := centre.plus(polar(angle, from-long*0.45))
		along := polar(angle+0.05*r.NormFloat64(), 1)
		across := along.left()
		outline := petal(root, along, across, long, wide)

		// A shadow on what lies below, drawn as three wider and fainter petals.
		for k := 3; k >= 1; k-- {
			grow := 1 + 0.035*float64(k)
			below := petal(root.plus(vec{2, 3}.times(float64(k)*0.8)), along, across, long*grow, wide*grow)
			c.polygon(below, palette[0], 0.13)
		}
		tone := 0.92 + 0.16*r.Float64()
		sun := 1 + 0.22*across.dot(vec{-0.5, -0.85})
		c.shaded(outline, func(x, y int) colour {
			p := vec{float64(x) + 0.5, float64(y) + 0.5}.minus(root)
			up, side := p.dot(along)/long, p.dot(across)/wide*2
			base := hearts.at(up*0.9).mix(ways.at(0.12+0.85*up), smooth(0.02, 0.55, t))
			base = base.mix(palette[5], 0.5*smooth(0.72, 1, up)*t)
			// Hollow in the middle, the rims turned to the light.
			hollow := 1 - 0.3*math.Exp(-sq(side/0.22))*smooth(1, 0.3, up) + 0.12*sq(side)
			if side > 0 {
				hollow *= 2 - sun
			} else {
				hollow *= sun
			}
			lines := 1 + 0.09*vein.at(side*9+float64(i)*3.1, up*2.2)
			return base.times(tone * hollow * lines * (0.5 + 0.62*smooth(0.05, 0.75, up)))
		}, 1)
	}
	for i := range 70 { // stamens
		p := centre.plus(polar(turn+float64(i)*golden, 3.2*math.Sqrt(float64(i))))
		c.disc(p.plus(vec{1, 1.6}), 2.6, palette[1], 0.6)
		c.disc(p, 2.2, palette[6].times(0.55+0.4*r.Float64()), 0.9)
	}
	c.vignette(0.45)
	return c
}

// petal is the outline of a petal: round at its shoulders, with a point.
func petal(root, along, across vec, long, wide float64) []vec {
	const steps = 26
	outline := make([]vec, 0, 2*steps)
	for i := range 2 * steps {
		up, side := float64(i)/steps, 1.0
		if i >= steps {
			up, side = float64(2*steps-i)/steps, -1
		}
		half := math.Pow(math.Sin(math.Pi*math.Pow(up, 0.82)), 0.75) * (1 - 0.3*up)
		outline = append(outline, root.plus(along.times(up*long)).plus(across.times(side*half*wide/2)))
	}
	return outline
}
