package paint

import "math"

// ribbons is the way of many neighbours through Lorenz's weather.
func ribbons() Picture {
	return Picture{
		Name:    "ribbons",
		Title:   "Two Lobes of the Same Weather",
		AltText: "Glowing ribbons of turquoise, violet and gold wind around two eyes like the wings of a moth, begin as one line and fan out into many.",
		Description: "Seventy-two paths through Edward Lorenz's equations of convection, which begin side by side. " +
			"For a while they are one ribbon; then each goes its own way, and none ever meets itself again.",
		Palette: []string{"#060812", "#21d4c4", "#3d7be0", "#8a4de8", "#e0529c", "#ffb454", "#fff4d8"},
		paint:   paintRibbons,
	}
}

func paintRibbons(palette []colour, variation uint64) *canvas {
	const w, h, strands, step, moments = 1700, 1200, 72, 0.004, 3700
	const apart = 0.16 // the first of the paths from the last, at the beginning
	r := random(10, variation)
	c := newCanvas(w, h, palette[0])
	middle := vec{w * 0.515, h * 0.485}
	c.each(func(x, y int, was colour) colour {
		d := vec{float64(x), float64(y)}.minus(middle)
		return was.plus(palette[3].times(0.05 * math.Exp(-sq(d.x/620)-sq(d.y/420)))).plus(palette[2].times(0.03 * math.Exp(-sq(d.length()/900))))
	})
	hues := newGradient(palette[1], palette[2], palette[3], palette[4], palette[5])
	view := 0.42 + 0.5*(r.Float64()-0.5)
	if variation == 0 {
		view = 0.42
	}
	cos, sin := math.Cos(view), math.Sin(view)
	project := func(p [3]float64) (at vec, depth float64) {
		x, y, z := p[0]*cos+p[1]*sin, -p[0]*sin+p[1]*cos, p[2]-24.5
		near := 1 / (1 + y/95) // a little perspective
		return middle.plus(vec{x * 27 * near, -z * 23 * near}), near
	}

	start := [3]float64{-6 + r.Float64(), -7 + r.Float64(), 24 + r.Float64()}
	for range 700 { // until it is on the attractor
		start = lorenz(start, step)
	}
	for strand := range strands {
		s := float64(strand) / (strands - 1)
		p := start
		for k := range p {
			p[k] += (s - 0.5) * apart
		}
		last, _ := project(p)
		for m := range moments {
			p = lorenz(p, step)
			at, near := project(p)
			t := float64(m) / moments
			hue := hues.at(0.5 + 0.5*math.Sin(6.6*t+0.9*s-1.9))
			// What is nearer is brighter and sharper.
			focus := 0.75 + 1.5*math.Abs(near-1.03)*4
			power := 0.13 * math.Pow(near, 6) * smooth(0, 0.05, t) * smooth(1, 0.9, t) / focus
			reach := 2.4 * focus
			c.near(last, at, reach, func(x, y int, along, distance float64) {
				if along < 0 || along >= 1 {
					return // the neighbouring piece adds its light there
				}
				i := y*w + x
				c.pix[i] = c.pix[i].plus(hue.times(power * sq(1-distance/reach) * 1.9))
			})
			last = at
		}
	}
	// Where many pass, light runs against a limit and keeps its hue; only the
	// brightest goes towards white, as it does in the eye.
	c.each(func(_, _ int, was colour) colour {
		strong := max(float64(was[0]), float64(was[1]), float64(was[2]), 1e-6)
		p := was.times((1 - math.Exp(-1.15*strong)) / strong)
		return p.mix(palette[6], 0.8*smooth(1.6, 5, strong))
	})
	return c
}

// lorenz moves a point on by dt (Runge and Kutta's fourth order).
func lorenz(p [3]float64, dt float64) [3]float64 {
	flow := func(p [3]float64) [3]float64 {
		return [3]float64{10 * (p[1] - p[0]), p[0]*(28-p[2]) - p[1], p[0]*p[1] - 8*p[2]/3}
	}
	add := func(p, v [3]float64, f float64) [3]float64 {
		return [3]float64{p[0] + v[0]*f, p[1] + v[1]*f, p[2] + v[2]*f}
	}
	a := flow(p)
	b := flow(add(p, a, dt/2))
	c := flow(add(p, b, dt/2))
	d := flow(add(p, c, dt))
	for k := range p {
		p[k] += dt / 6 * (a[k] + 2*b[k] + 2*c[k] + d[k])
	}
	return p
}
