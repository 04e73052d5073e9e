package paint

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// vec is a point or a direction on the canvas, in pixels, y downwards.
type vec struct{ x, y float64 }

func (a vec) plus(b vec) vec           { return vec{a.x + b.x, a.y + b.y} }
func (a vec) minus(b vec) vec          { return vec{a.x - b.x, a.y - b.y} }
func (a vec) times(f float64) vec      { return vec{a.x * f, a.y * f} }
func (a vec) dot(b vec) float64        { return a.x*b.x + a.y*b.y }
func (a vec) length() float64          { return math.Hypot(a.x, a.y) }
func (a vec) mix(b vec, t float64) vec { return vec{lerp(a.x, b.x, t), lerp(a.y, b.y, t)} }

// unit is the direction of a, of length 1; of nothing, to the right.
func (a vec) unit() vec {
	if l := a.length(); l > 0 {
		return a.times(1 / l)
	}
	return vec{1, 0}
}

// left is a turned by a quarter.
func (a vec) left() vec { return vec{-a.y, a.x} }

// polar is the point at an angle and a distance.
func polar(angle, distance float64) vec {
	return vec{math.Cos(angle) * distance, math.Sin(angle) * distance}
}

// canvas is a picture being painted, in linear light without an upper end:
// what shines may be brighter than white until the picture is developed.
type canvas struct {
	w, h int
	pix  []colour

	mask image.Alpha // of the last fill, kept for its memory
	fill vector.Rasterizer
}

func newCanvas(w, h int, ground colour) *canvas {
	c := &canvas{w: w, h: h, pix: make([]colour, w*h)}
	for i := range c.pix {
		c.pix[i] = ground
	}
	return c
}

// each sets every pixel from its coordinates.
func (c *canvas) each(paint func(x, y int, was colour) colour) {
	for y := range c.h {
		row := c.pix[y*c.w : (y+1)*c.w]
		for x := range row {
			row[x] = paint(x, y, row[x])
		}
	}
}

// blend lays colour over a pixel; outside of the canvas nothing happens.
func (c *canvas) blend(x, y int, paint colour, alpha float64) {
	if x < 0 || y < 0 || x >= c.w || y >= c.h {
		return
	}
	p := &c.pix[y*c.w+x]
	*p = p.mix(paint, alpha)
}

// polygon fills a closed outline.
func (c *canvas) polygon(outline []vec, paint colour, alpha float64) {
	c.shaded(outline, func(int, int) colour { return paint }, alpha)
}

// shaded fills a closed outline with a colour that depends on the place.
func (c *canvas) shaded(outline []vec, paint func(x, y int) colour, alpha float64) {
	c.cover(outline, func(x, y int, coverage float64) { c.blend(x, y, paint(x, y), coverage*alpha) })
}

// cover calls visit for every pixel an outline touches, with the part of the
// pixel inside, 0 to 1.
func (c *canvas) cover(outline []vec, visit func(x, y int, coverage float64)) {
	if len(outline) < 3 {
		return
	}
	low, high := outline[0], outline[0]
	for _, p := range outline {
		low = vec{min(low.x, p.x), min(low.y, p.y)}
		high = vec{max(high.x, p.x), max(high.y, p.y)}
	}
	x0, y0 := max(0, int(math.Floor(low.x))), max(0, int(math.Floor(low.y)))
	x1, y1 := min(c.w, int(math.Ceil(high.x))+1), min(c.h, int(math.Ceil(high.y))+1)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	w, h := x1-x0, y1-y0
	c.fill.Reset(w, h)
	for i, p := range outline {
		x, y := float32(p.x-float64(x0)), float32(p.y-float64(y0))
		if i == 0 {
			c.fill.MoveTo(x, y)
		} else {
			c.fill.LineTo(x, y)
		}
	}
	c.fill.ClosePath()
	if cap(c.mask.Pix) < w*h {
		c.mask.Pix = make([]uint8, w*h)
	}
	c.mask = image.Alpha{Pix: c.mask.Pix[:w*h], Stride: w, Rect: image.Rect(0, 0, w, h)}
	clear(c.mask.Pix)
	c.fill.Draw(&c.mask, c.mask.Rect, image.Opaque, image.Point{})
	for y := range h {
		for x, a := range c.mask.Pix[y*w : (y+1)*w] {
			if a > 0 {
				visit(x0+x, y0+y, float64(a)/255)
			}
		}
	}
}

// disc fills a circle with soft pixels at its edge.
func (c *canvas) disc(centre vec, radius float64, paint colour, alpha float64) {
	c.line(centre, centre, 2*radius, paint, alpha)
}

// line draws a straight line with round ends.
func (c *canvas) line(a, b vec, width float64, paint colour, alpha float64) {
	c.near(a, b, width/2+1, func(x, y int, _, distance float64) {
		if coverage := clamp(width/2+0.5-distance, 0, 1); coverage > 0 {
			c.blend(x, y, paint, coverage*alpha)
		}
	})
}

// near calls visit for the pixels within reach of the line from a to b, with
// where along it they lie (0 at a, 1 at b, outside of these beyond the ends)
// and their distance from it.
func (c *canvas) near(a, b vec, reach float64, visit func(x, y int, along, distance float64)) {
	x0, x1 := max(0, int(min(a.x, b.x)-reach)), min(c.w-1, int(max(a.x, b.x)+reach)+1)
	y0, y1 := max(0, int(min(a.y, b.y)-reach)), min(c.h-1, int(max(a.y, b.y)+reach)+1)
	d := b.minus(a)
	square := d.dot(d)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			p := vec{float64(x) + 0.5, float64(y) + 0.5}.minus(a)
			along := 0.0
			if square > 0 {
				along = p.dot(d) / square
			}
			off := p.minus(d.times(clamp(along, 0, 1)))
			if off.dot(off) <= reach*reach {
				visit(x, y, along, off.length())
			}
		}
	}
}

// ribbon is the outline of a stroke along a path, with a width at every point.
func ribbon(path []vec, width func(i int) float64) []vec {
	outline := make([]vec, 0, 2*len(path))
	right := make([]vec, 0, len(path))
	for i, p := range path {
		along := path[min(i+1, len(path)-1)].minus(path[max(i-1, 0)]).unit()
		side := along.left().times(width(i) / 2)
		outline = append(outline, p.plus(side))
		right = append(right, p.minus(side))
	}
	for i := len(right) - 1; i >= 0; i-- {
		outline = append(outline, right[i])
	}
	return outline
}

// develop turns light into a picture: the light runs against white softly
// above a shoulder, and unless the picture is flat a little grit hides the
// steps between 256 levels.
func (c *canvas) develop(flat bool) *image.RGBA {
	const levels = 1 << 14
	var curve [levels + 1]float64
	for i := range curve {
		curve[i] = 255 * fromLinear(float64(i)/levels)
	}
	im := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
	for y := range c.h {
		for x := range c.w {
			p := c.pix[y*c.w+x]
			dither := 0.0
			if !flat {
				dither = grit(x, y, 77) - 0.5
			}
			var out [3]uint8
			for i, v := range p {
				out[i] = uint8(clamp(curve[int(shoulder(float64(v))*levels)]+dither+0.5, 0, 255))
			}
			im.SetRGBA(x, y, color.RGBA{out[0], out[1], out[2], 255})
		}
	}
	return im
}

// shoulder leaves light up to 0.8 as it is and bends what is above so that it
// reaches 1 never.
func shoulder(v float64) float64 {
	const knee = 0.8
	if v <= knee {
		return max(0, v)
	}
	return knee + (1-knee)*(1-math.Exp(-(v-knee)/(1-knee)))
}

// vignette darkens the corners by up to depth.
func (c *canvas) vignette(depth float64) {
	cx, cy := float64(c.w)/2, float64(c.h)/2
	c.each(func(x, y int, was colour) colour {
		d := (sq((float64(x)-cx)/cx) + sq((float64(y)-cy)/cy)) / 2
		return was.times(1 - depth*d*d)
	})
}

// tooth gives the ground the tooth of paper: fine grit and slow clouds.
func (c *canvas) tooth(n *noise, depth float64) {
	c.each(func(x, y int, was colour) colour {
		fine := grit(x, y, 5) + grit(x/2, y/2, 6) - 1
		slow := n.at(float64(x)/190, float64(y)/190) + 0.6*n.at(float64(x)/37, float64(y)/37)
		return was.times(1 + depth*(0.6*fine+0.5*slow))
	})
}

func sq(v float64) float64 { return v * v }
