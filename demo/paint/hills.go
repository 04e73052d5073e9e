package paint

import "math"

// hills is strata of hills against an evening sky, each paler with distance.
func hills() Picture {
	return Picture{
		Name:    "hills",
		Title:   "Nine Hills at Dusk",
		AltText: "Nine ridges of hills, one behind the other, from near-black in front to rose far away, under a low sun in an orange and violet evening sky.",
		Description: "Nine ridges of folded noise, painted from the farthest to the nearest. Each takes on " +
			"the colour of the air in front of it and drowns at its foot in the mist of the valley, which is all that perspective needs.",
		Palette: []string{"#141a3a", "#3d3a6e", "#8a4f7d", "#e5735c", "#ffc98a", "#fff1cf", "#0b1024"},
		paint:   paintHills,
	}
}

func paintHills(palette []colour, variation uint64) *canvas {
	const w, h, horizon = 1600, 1200, 690
	r := random(1, variation)
	air := newNoise(r)
	sky := newGradient(palette[0], palette[1], palette[2], palette[3], palette[4])
	sun := vec{w * (0.3 + 0.4*r.Float64()), horizon - 55 - 40*r.Float64()}
	gold, white, night := palette[4], palette[5], palette[6]

	c := newCanvas(w, h, night)
	c.each(func(x, y int, _ colour) colour {
		p := vec{float64(x), float64(y)}
		height := p.y / horizon
		light := sky.at(math.Pow(clamp(height, 0, 1), 1.25))
		// Cirrus: noise drawn out by the wind, lit from below.
		veil := air.fbm(p.x/520+height*0.8, p.y/74+p.x/900, 5)
		veil = smooth(0.02, 0.55, veil) * smooth(0.12, 0.5, height) * (1 - 0.6*smooth(0.75, 1, height))
		light = light.mix(palette[3].mix(gold, height).times(1.15), 0.62*veil)
		// The sun: a disc, and the glow of the air around it.
		d := p.minus(sun).length()
		light = light.plus(gold.times(0.55 * math.Exp(-d/190))).plus(palette[3].times(0.3 * math.Exp(-d/215)))
		return light.mix(white.times(1.25), smooth(47, 44.5, d))
	})
	for range 170 { // stars, where the sky is dark enough
		p := vec{r.Float64() * w, sq(r.Float64()) * 330}
		c.disc(p, 0.5+0.9*r.Float64(), white, (0.2+0.7*r.Float64())*(1-p.y/340))
	}

	const ridges = 9
	for i := range ridges {
		near := float64(i) / (ridges - 1) // 0: the farthest
		n := newNoise(r)
		base := horizon - 70 + 500*math.Pow(near, 1.35)
		height, width := 75+120*near, 300+420*near
		stone := palette[2].mix(palette[3], 0.5*(1-near)).mix(palette[1].mix(night, 0.3+0.7*near), math.Pow(near, 0.5)*0.985)
		mist := palette[3].mix(gold, 0.4).mix(palette[2].mix(palette[1], near), 0.15+0.8*near)
		shift := r.Float64() * 100
		crest := func(x float64) float64 {
			return base - height*(n.ridged(x/width+shift, near*9, 5)-0.35)*1.6
		}
		wood := func(x float64) float64 { // how high trees stand, where they are near enough to be seen
			if i < ridges-3 {
				return 0
			}
			size := 7 + 15*(near-0.6)
			tree := math.Abs(math.Mod(x/size+1.7*n.at(x/60, 3), 1)-0.5) * 2
			return size * (1 - tree) * (0.9 + 1.1*n.at(x/(size*2.3), 7)) * smooth(-0.5, 0.2, n.at(x/210, 5))
		}
		for x := range w {
			// The mist lies level: it knows the hill, not every crag of it.
			soft := 0.0
			for k := -4; k <= 4; k++ {
				soft += crest(float64(x)+float64(k)*22) / 9
			}
			top := crest(float64(x)+0.5) - wood(float64(x)+0.5)
			toSun := math.Exp(-math.Abs(float64(x)-sun.x) / 420)
			for y := max(0, int(top)-1); y < h; y++ {
				depth := float64(y) - top
				drift := air.fbm(float64(x)/330+near*40, float64(y)/85, 3)
				p := stone.mix(mist, (0.92-0.62*near)*smooth(-10, 140+150*near, float64(y)-soft+60*drift))
				p = p.plus(gold.times((1 - near) * toSun * (0.05 + 0.32*math.Exp(-depth/9)))) // the rim that catches the sun
				c.blend(x, y, p, clamp(depth+0.5, 0, 1))
			}
		}
	}
	flock := vec{w * (0.2 + 0.6*r.Float64()), 250 + 120*r.Float64()}
	for range 9 {
		at := flock.plus(vec{r.NormFloat64() * 95, r.NormFloat64() * 32})
		span := 6 + 5*r.Float64()
		for _, side := range []float64{-1, 1} {
			elbow := at.plus(vec{side * span * 0.55, -span * 0.55})
			c.line(at, elbow, 1.8, night, 0.75)
			c.line(elbow, at.plus(vec{side * span * 1.25, -span * 0.2}), 1.3, night, 0.75)
		}
	}
	c.vignette(0.3)
	return c
}
