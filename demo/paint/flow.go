package paint

import "math"

// flow is long strokes of ink that follow a current and never touch.
func flow() Picture {
	return Picture{
		Name:    "flow",
		Title:   "Ink Weather",
		AltText: "Broad and fine strokes of blue, rust, ochre and black ink on warm paper, all bending together like water around stones.",
		Description: "Each stroke follows the curl of a noise, a current without source or end, and stops before " +
			"it would touch another. Broad brushes go first, finer ones fill what is left, and every brush leaves the marks of its hairs.",
		Palette: []string{"#f2e8d5", "#1d3557", "#2f6f73", "#c44a2c", "#dd9a33", "#2a2629", "#e8d3b0", "#8fb0a9"},
		paint:   paintFlow,
	}
}

func paintFlow(palette []colour, variation uint64) *canvas {
	const w, h, margin = 1700, 1300, 74
	r := random(3, variation)
	current, hue := newNoise(r), newNoise(r)
	c := newCanvas(w, h, palette[0])
	c.tooth(newNoise(r), 0.05)

	// Where a stroke has been, in cells of 2 pixels.
	const cell = 2
	taken := make([]bool, (w/cell+1)*(h/cell+1))
	free := func(p vec, radius float64) bool {
		if p.x < margin+radius || p.y < margin+radius || p.x > w-margin-radius || p.y > h-margin-radius {
			return false
		}
		reach := int(radius/cell) + 1
		for dy := -reach; dy <= reach; dy++ {
			for dx := -reach; dx <= reach; dx++ {
				if sq(float64(dx*cell))+sq(float64(dy*cell)) <= radius*radius && taken[(int(p.y)/cell+dy)*(w/cell+1)+int(p.x)/cell+dx] {
					return false
				}
			}
		}
		return true
	}
	take := func(p vec, radius float64) {
		reach := int(radius/cell) + 1
		for dy := -reach; dy <= reach; dy++ {
			for dx := -reach; dx <= reach; dx++ {
				if sq(float64(dx*cell))+sq(float64(dy*cell)) <= radius*radius {
					taken[(int(p.y)/cell+dy)*(w/cell+1)+int(p.x)/cell+dx] = true
				}
			}
		}
	}
	direction := func(p vec) vec {
		v := current.curl(p.x/760, p.y/760).plus(current.curl(p.x/310+40, p.y/310).times(0.16))
		return v.plus(vec{0.16, -0.05}).unit()
	}

	for _, brush := range []struct {
		width, gap    float64
		least, tries  int
		longest, inks int
	}{
		{40, 5, 40, 500, 210, 5}, {25, 4.5, 32, 2000, 240, 6}, {14, 4, 24, 9000, 240, 7},
		{7.5, 3.2, 15, 30000, 200, 7}, {3.6, 2.4, 9, 70000, 150, 7},
	} {
		const step = 5.0
		for range brush.tries {
			start := vec{margin + r.Float64()*(w-2*margin), margin + r.Float64()*(h-2*margin)}
			width := brush.width * (0.8 + 0.4*r.Float64())
			if !free(start, width/2+brush.gap) {
				continue
			}
			var path []vec
			way := direction(start)
			for p := start; len(path) < brush.longest && free(p, width/2+brush.gap); {
				path = append(path, p)
				// The middle of the step decides its direction: a stroke along a
				// level line then stays on it.
				next := direction(p.plus(direction(p).times(step / 2)))
				if next.dot(way) < 0.75 {
					break // no brush turns on its heel
				}
				p, way = p.plus(next.times(step)), next
			}
			if len(path) < brush.least {
				continue
			}
			for _, p := range path {
				take(p, width/2)
			}
			middle := path[len(path)/2]
			// Colours come in regions, with strays.
			pick := int(clamp((hue.fbm(middle.x/620, middle.y/620, 2)*1.25+0.5)*4.6, 0, 3.99)) + 1
			if r.Float64() < 0.2 {
				pick = 1 + r.IntN(brush.inks)
			}
			stroke(c, path, width, palette[pick].times(0.86+0.28*r.Float64()), r.Uint32())
		}
	}
	return c
}

// stroke paints one stroke of a brush: a body with a blunt beginning and a
// thinning end, and the streaks of its hairs.
func stroke(c *canvas, path []vec, width float64, ink colour, seed uint32) {
	last := float64(len(path) - 1)
	pressure := func(i int) float64 {
		t := float64(i)
		begin := math.Sqrt(clamp((t+0.4)/(width*0.09+1), 0, 1))
		end := math.Pow(clamp((last-t)/(last*0.3+1), 0, 1), 0.55)
		return begin * end
	}
	c.polygon(ribbon(path, func(i int) float64 { return width * pressure(i) }), ink, 0.95)
	hairs := int(width / 2.2)
	for hair := range hairs {
		chance := func(k int) float64 { return grit(hair, k, seed) }
		side := (float64(hair)+chance(0))/float64(hairs) - 0.5
		from, to := int(chance(1)*last*0.6), int(last*(0.5+0.5*chance(2)))
		if to-from < 4 {
			continue
		}
		line := make([]vec, 0, to-from)
		for i := from; i < to; i++ {
			along := path[min(i+1, len(path)-1)].minus(path[max(i-1, 0)]).unit()
			line = append(line, path[i].plus(along.left().times(side*width*pressure(i)*0.92)))
		}
		tone, alpha := ink.times(0.55), 0.3*chance(3)
		if chance(4) < 0.45 {
			tone, alpha = ink.times(1.25).plus(colour{0.09, 0.085, 0.07}), 0.42*chance(3)
		}
		n := len(line)
		c.polygon(ribbon(line, func(i int) float64 {
			return (0.7 + 1.3*chance(5)) * math.Sin(math.Pi*(float64(i)+0.5)/float64(n))
		}), tone, alpha)
	}
}
