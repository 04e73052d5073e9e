package paint

import "math"

// coral is two substances that feed on one another.
func coral() Picture {
	return Picture{
		Name:    "coral",
		Title:   "The Reef Thinks It Over",
		AltText: "A reef seen from above: coral-pink and cream ridges that branch like a labyrinth in the middle and break into beads towards the edges, over deep teal water.",
		Description: "A reaction and a diffusion (Gray and Scott's model): one substance eats the other, both spread, " +
			"and out of nearly nothing grow labyrinths and beads, as feeding changes from the middle outwards. The concentration is then lit like a relief.",
		Palette: []string{"#06222e", "#0f4c5c", "#2a9d8f", "#e76f51", "#f4a285", "#fff0dd"},
		paint:   paintCoral,
	}
}

func paintCoral(palette []colour, variation uint64) *canvas {
	const n, steps, scale = 360, 2600, 4
	r := random(6, variation)
	u, v := make([]float32, n*n), make([]float32, n*n)
	nextU, nextV := make([]float32, n*n), make([]float32, n*n)
	for i := range u {
		u[i] = 1
	}
	for range 420 {
		at := vec{r.Float64() * n, r.Float64() * n}
		for dy := -2; dy <= 2; dy++ {
			for dx := -2; dx <= 2; dx++ {
				i := (int(at.y)+dy+4*n)%n*n + (int(at.x)+dx+4*n)%n
				u[i], v[i] = 0.5, 0.25+0.1*float32(r.Float64())
			}
		}
	}
	// Feed and kill rates: labyrinths in the middle, beads outside.
	feed, kill := make([]float32, n*n), make([]float32, n*n)
	region := newNoise(r)
	for i := range feed {
		x, y := float64(i%n), float64(i/n)
		out := clamp(vec{x - n/2, y - n/2}.length()/(n*0.62)+0.3*region.fbm(x/95, y/95, 3), 0, 1)
		feed[i] = float32(lerp(0.0560, 0.0335, smooth(0.2, 0.95, out)))
		kill[i] = float32(lerp(0.0622, 0.0636, smooth(0.25, 0.95, out)))
	}
	for range steps {
		for y := range n {
			react(u, v, nextU, nextV, feed, kill, n, y)
		}
		u, nextU = nextU, u
		v, nextV = nextV, v
	}
	return relief(v, n, scale, palette, newNoise(r))
}

// react computes one row of the next moment. The conversions round each
// product, so that no processor may fuse it with the sum behind it: in such a
// process differences in the last bit grow. It touches its arguments only, and
// what the race detector would watch here makes tests ten times slower.
//
//go:norace
func react(u, v, nextU, nextV, feed, kill []float32, n, y int) {
	up, row, down := (y+n-1)%n*n, y*n, (y+1)%n*n
	upU, rowU, downU := u[up:up+n], u[row:row+n], u[down:down+n]
	upV, rowV, downV := v[up:up+n], v[row:row+n], v[down:down+n]
	nextU, nextV, feed, kill = nextU[row:row+n], nextV[row:row+n], feed[row:row+n], kill[row:row+n]
	leftU, leftV := rowU[n-1], rowV[n-1]
	for x, a := range rowU {
		b, right := rowV[x], x+1
		if right == n {
			right = 0
		}
		spreadU := leftU + rowU[right] + upU[x] + downU[x] - float32(4*a)
		spreadV := leftV + rowV[right] + upV[x] + downV[x] - float32(4*b)
		meal := float32(float32(a*b) * b)
		nextU[x] = a + float32(0.16*spreadU) - meal + float32(feed[x]*(1-a))
		nextV[x] = b + float32(0.08*spreadV) + meal - float32((feed[x]+kill[x])*b)
		leftU, leftV = a, b
	}
}

// relief draws a field of n by n values, scale times larger, as a lit relief.
func relief(field []float32, n, scale int, palette []colour, n2 *noise) *canvas {
	size := n * scale
	// A cubic B-spline in each direction: smooth up to its curvature, so that
	// the light shows no trace of the grid.
	at := func(x, y float64) float64 {
		ix, iy := int(math.Floor(x)), int(math.Floor(y))
		wx, wy := spline(x-float64(ix)), spline(y-float64(iy))
		sum := 0.0
		for dy := range 4 {
			row := (iy + dy - 1 + n) % n * n
			for dx := range 4 {
				sum += wy[dy] * wx[dx] * float64(field[row+(ix+dx-1+n)%n])
			}
		}
		return sum
	}
	height := make([]float64, size*size)
	for y := range size {
		for x := range size {
			height[y*size+x] = smooth(0.04, 0.36, at((float64(x)+0.5)/float64(scale)-0.5, (float64(y)+0.5)/float64(scale)-0.5))
		}
	}
	shade := blurred(height, size, 9)
	water := newGradient(palette[0], palette[1], palette[2])
	flesh := newGradient(palette[2], palette[3], palette[4], palette[5])
	sun := [3]float64{-0.52, -0.6, 0.61}
	c := newCanvas(size, size, palette[0])
	c.each(func(x, y int, _ colour) colour {
		get := func(dx, dy int) float64 {
			return height[min(max(y+dy, 0), size-1)*size+min(max(x+dx, 0), size-1)]
		}
		h := get(0, 0)
		const steep = 11
		nx, ny := -steep*(get(1, 0)-get(-1, 0))/2, -steep*(get(0, 1)-get(0, -1))/2
		l := 1 / math.Sqrt(nx*nx+ny*ny+1)
		lit := max(0, (nx*sun[0]+ny*sun[1]+sun[2])*l)
		shine := math.Pow(max(0, (nx*sun[0]*0.5+ny*sun[1]*0.5+(sun[2]+1)*0.5)*l), 42)
		low := shade[y*size+x]
		cloud := n2.fbm(float64(x)/330, float64(y)/330, 4)
		open := clamp(1-0.75*max(0, low-h), 0, 1) // what stands deep sees little sky
		ground := water.at(0.2 + 0.62*h + 0.35*cloud + 0.25*(1-low))
		body := flesh.at(0.16 + 0.6*h + 0.22*cloud + 0.1*low)
		p := ground.mix(body, smooth(0.1, 0.42, h))
		return p.times((0.32 + 0.95*lit) * open).plus(palette[5].times(0.3 * shine * smooth(0.1, 0.5, h)))
	})
	c.vignette(0.5)
	return c
}

// spline are the weights of four neighbours at t between the middle two.
func spline(t float64) [4]float64 {
	return [4]float64{
		(1 - t) * (1 - t) * (1 - t) / 6,
		(3*t*t*t - 6*t*t + 4) / 6,
		(-3*t*t*t + 3*t*t + 3*t + 1) / 6,
		t * t * t / 6,
	}
}

// blurred is a square field blurred by two boxes.
func blurred(field []float64, size, radius int) []float64 {
	out := append([]float64(nil), field...)
	line := make([]float64, size)
	for range 2 {
		for _, step := range [2][2]int{{1, size}, {size, 1}} {
			along, across := step[0], step[1]
			for k := range size {
				sum := 0.0
				value := func(i int) float64 { return out[k*across+min(max(i, 0), size-1)*along] }
				for i := -radius; i <= radius; i++ {
					sum += value(i)
				}
				for i := range size {
					line[i] = sum / float64(2*radius+1)
					sum += value(i+radius+1) - value(i-radius)
				}
				for i, v := range line {
					out[k*across+i*along] = v
				}
			}
		}
	}
	return out
}
