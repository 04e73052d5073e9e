package paint

import "math"

// attractor is the trace of a point that a simple map sends about for ever.
func attractor() Picture {
	return Picture{
		Name:    "attractor",
		Title:   "What the Pendulum Remembers",
		AltText: "Veils of fine golden, rose and blue light that fold into one another on a dark ground, like smoke held still.",
		Description: "Two sines send a point from place to place (Clifford Pickover's map). Twelve million places " +
			"later its haunts stand out as folds of light; the colour tells how far each jump had led.",
		Palette: []string{"#07070d", "#274690", "#7a3e9d", "#d1495b", "#f2a65a", "#fff3d6"},
		paint:   paintAttractor,
	}
}

func paintAttractor(palette []colour, variation uint64) *canvas {
	const size, points = 1440, 12_000_000
	r := random(4, variation)
	// Shapes that were looked for; a variation moves a little from one of them.
	shapes := [][4]float64{{1.5, -1.8, 1.6, 0.9}, {-1.8, -2.0, -0.5, -0.9}, {-1.4, 1.6, 1.0, 0.7}, {-1.7, 1.8, -1.9, -0.4}}
	shape := shapes[variation%uint64(len(shapes))]
	if variation >= uint64(len(shapes)) {
		for i := range shape {
			shape[i] += 0.06 * r.NormFloat64()
		}
	}
	a, b, cc, d := shape[0], shape[1], shape[2], shape[3]
	wave := newWave()
	next := func(x, y float64) (float64, float64) {
		return wave.sin(a*y) + cc*wave.sin(a*x+math.Pi/2), wave.sin(b*x) + d*wave.sin(b*y+math.Pi/2)
	}

	// Where it lives, to fill the picture.
	x, y := 0.1, 0.1
	low, high := vec{9, 9}, vec{-9, -9}
	for i := range 60_000 {
		if x, y = next(x, y); i > 100 {
			low = vec{min(low.x, x), min(low.y, y)}
			high = vec{max(high.x, x), max(high.y, y)}
		}
	}
	scale := 0.88 * size / max(high.x-low.x, high.y-low.y)
	middle := low.mix(high, 0.5)

	visits := make([]visit, size*size)
	for range points {
		nx, ny := next(x, y)
		px, py := int((nx-middle.x)*scale+size/2), int((ny-middle.y)*scale+size/2)
		if uint(px) < size && uint(py) < size {
			v := &visits[py*size+px]
			v.count++
			v.jumps += float32(math.Abs(nx-x) + math.Abs(ny-y))
		}
		x, y = nx, ny
	}

	hues := newGradient(palette[1], palette[2], palette[3], palette[4])
	c := newCanvas(size, size, palette[0])
	c.each(func(x, y int, was colour) colour {
		// A soft neighbourhood takes the sand out of thin places.
		var n, jump float64
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if px, py := x+dx, y+dy; uint(px) < size && uint(py) < size {
					weight := [3]float64{0.5, 0.11, 0.015}[dx*dx+dy*dy]
					v := visits[py*size+px]
					n += weight * float64(v.count)
					jump += weight * float64(v.jumps)
				}
			}
		}
		glow := palette[1].times(0.05 * math.Exp(-sq(vec{float64(x) - size/2, float64(y) - size/2}.length()/560)))
		was = was.plus(glow)
		if n == 0 {
			return was
		}
		// Logarithm of the density: the eye sees ratios.
		density := math.Log1p(n*0.55) / math.Log1p(240*0.55)
		hue := hues.at(1.12 - jump/n/3.1)
		light := hue.times(1.55 * math.Pow(density, 1.5)).plus(palette[5].times(1.3 * math.Pow(clamp(density-0.38, 0, 2), 2.1)))
		return was.times(1 - 0.5*clamp(density, 0, 1)).plus(light)
	})
	return c
}

// visit is what a pixel remembers of the point.
type visit struct {
	count float32
	jumps float32 // how far it came from, added up
}

// wave is the sine from a table: the map takes four of them twelve million
// times, and its shape does not mind the sixth digit.
type wave [1<<13 + 1]float64

func newWave() *wave {
	w := &wave{}
	for i := range w {
		w[i] = math.Sin(2 * math.Pi * float64(i) / (1 << 13))
	}
	return w
}

func (w *wave) sin(x float64) float64 {
	x *= (1 << 13) / (2 * math.Pi)
	whole := math.Floor(x)
	i := int(whole) & (1<<13 - 1)
	return w[i] + (x-whole)*(w[i+1]-w[i])
}
