package paint

import (
	"math"
	"math/rand/v2"
)

// truchet is bands that wander over tiles of three sizes.
func truchet() Picture {
	return Picture{
		Name:    "truchet",
		Title:   "Every Way Leads Somewhere Else",
		AltText: "Winding bands of navy, brick red, mustard, teal and cream that loop, fork and close upon themselves in three sizes, without an edge out of place.",
		Description: "Tiles in three sizes, each with one of a few motifs, laid by chance (after Sébastien Truchet, 1704, " +
			"and Christopher Carlson's winged tiles). Because every motif meets its neighbours' edges, whatever falls together joins. Each connected band then got its own colour.",
		Palette: []string{"#f3ead8", "#18294a", "#b63a2b", "#dda02f", "#2c7a78", "#e7c9a0", "#8fb7b0", "#e9967a", "#5a3558"},
		flat:    true,
		paint:   paintTruchet,
	}
}

// fine is how many times larger than the picture its plan is drawn.
const fine = 3

// plan is the tiling in a larger size, one bit a pixel: band or ground.
type plan struct {
	w, h int
	band []bool
}

func paintTruchet(palette []colour, variation uint64) *canvas {
	const w, h, tile = 1560, 1170, 585 // the tile in pixels of the plan
	r := random(5, variation)
	p := &plan{w: fine * w, h: fine * h, band: make([]bool, fine*fine*w*h)}
	crowd := newNoise(r)
	type place struct{ x, y, size int }
	tiles := []place{}
	for y := -tile; y < p.h+tile; y += tile {
		for x := -tile; x < p.w+tile; x += tile {
			tiles = append(tiles, place{x, y, tile})
		}
	}
	// The larger first: the wings of smaller tiles lie on top of them.
	for level := range 3 {
		var smaller []place
		for _, t := range tiles {
			half := t.size / 2
			busy := crowd.at(float64(t.x+half)/1350, float64(t.y+half)/1350)
			if level < 2 && r.Float64() < 0.5+0.5*busy {
				smaller = append(smaller, place{t.x, t.y, half}, place{t.x + half, t.y, half},
					place{t.x, t.y + half, half}, place{t.x + half, t.y + half, half})
				continue
			}
			// Smaller by half, the widths of bands and ground change places.
			p.tile(t.x, t.y, float64(t.size), r, level%2 == 0)
		}
		tiles = smaller
	}
	return p.coloured(w, h, palette, r)
}

// tile lays one tile: ground, wings that reach into the neighbours, a motif.
func (p *plan) tile(x, y int, size float64, r *rand.Rand, band bool) {
	left, top := float64(x), float64(y)
	right, bottom := left+size, top+size
	middle := vec{left + size/2, top + size/2}
	corners := []vec{{left, top}, {right, top}, {right, bottom}, {left, bottom}}
	edges := []vec{{middle.x, top}, {right, middle.y}, {middle.x, bottom}, {left, middle.y}}

	p.set(left, top, right, bottom, func(vec) bool { return true }, !band)
	for _, c := range corners {
		p.disc(c, size/3, !band)
	}
	for _, e := range edges {
		p.disc(e, size/6, band)
	}
	inside := func(shape func(v vec) bool) { p.set(left, top, right, bottom, shape, band) }
	arc := func(c vec) {
		inside(func(v vec) bool { d := v.minus(c).length(); return d > size/3 && d < 2*size/3 })
	}
	first := r.IntN(2)
	switch motif := r.Float64(); {
	case motif < 0.62: // two arcs
		arc(corners[first])
		arc(corners[first+2])
	case motif < 0.74: // a bar, the other two edges end
		inside(func(v vec) bool {
			across := v.y - middle.y
			if first == 1 {
				across = v.x - middle.x
			}
			return math.Abs(across) < size/6
		})
	case motif < 0.86: // one arc, the other two edges end
		arc(corners[r.IntN(4)])
	case motif < 0.94: // all four meet
		inside(func(v vec) bool {
			for _, c := range corners {
				if v.minus(c).length() < size/3 {
					return false
				}
			}
			return true
		})
	} // else all four end
}

func (p *plan) disc(centre vec, radius float64, band bool) {
	p.set(centre.x-radius, centre.y-radius, centre.x+radius, centre.y+radius,
		func(v vec) bool { d := v.minus(centre); return d.dot(d) < radius*radius }, band)
}

// set sets what of a rectangle lies in a shape.
func (p *plan) set(left, top, right, bottom float64, shape func(v vec) bool, band bool) {
	for y := max(0, int(top)); y < min(p.h, int(math.Ceil(bottom))); y++ {
		for x := max(0, int(left)); x < min(p.w, int(math.Ceil(right))); x++ {
			if shape(vec{float64(x) + 0.5, float64(y) + 0.5}) {
				p.band[y*p.w+x] = band
			}
		}
	}
}

// coloured gives every connected piece its colour and takes the size back,
// which makes the edges soft.
func (p *plan) coloured(w, h int, palette []colour, r *rand.Rand) *canvas {
	piece, sizes := p.pieces()
	tints := make([]colour, len(sizes))
	inks, grounds := []int{2, 3, 4, 1, 8}, []int{5, 6, 0, 7, 0}
	for i, size := range sizes {
		tints[i] = palette[inks[r.IntN(len(inks))]]
		if size.band && size.pixels > len(p.band)/14 {
			tints[i] = palette[1]
		} else if !size.band && size.pixels > len(p.band)/14 {
			tints[i] = palette[0]
		} else if !size.band {
			tints[i] = palette[grounds[r.IntN(len(grounds))]]
		}
	}
	c := newCanvas(w, h, palette[0])
	weights := [5]float64{1. / 9, 2. / 9, 3. / 9, 2. / 9, 1. / 9} // a tent
	c.each(func(x, y int, _ colour) colour {
		var sum colour
		for dy, wy := range weights {
			row := min(max(fine*y-1+dy, 0), p.h-1) * p.w
			for dx, wx := range weights {
				sum = sum.plus(tints[piece[row+min(max(fine*x-1+dx, 0), p.w-1)]].times(wx * wy))
			}
		}
		return sum
	})
	return c
}

// extent is how large a piece is, and of what.
type extent struct {
	pixels int
	band   bool
}

// pieces numbers the connected pieces of band and of ground.
func (p *plan) pieces() (piece []int32, sizes []extent) {
	piece = make([]int32, len(p.band))
	for i := range piece {
		piece[i] = -1
	}
	var pending []int
	for start := range piece {
		if piece[start] >= 0 {
			continue
		}
		number, band, count := int32(len(sizes)), p.band[start], 0
		piece[start] = number
		for pending = append(pending[:0], start); len(pending) > 0; count++ {
			i := pending[len(pending)-1]
			pending = pending[:len(pending)-1]
			x := i % p.w
			for _, next := range [4]struct {
				at     int
				exists bool
			}{{i - 1, x > 0}, {i + 1, x < p.w-1}, {i - p.w, i >= p.w}, {i + p.w, i+p.w < len(piece)}} {
				if next.exists && piece[next.at] < 0 && p.band[next.at] == band {
					piece[next.at] = number
					pending = append(pending, next.at)
				}
			}
		}
		sizes = append(sizes, extent{count, band})
	}
	return piece, sizes
}
