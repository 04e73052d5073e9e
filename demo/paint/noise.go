package paint

import (
	"math"
	"math/rand/v2"
)

// random is the source of all chance in a picture: seeded by the picture's own
// number and the variation, so that no two pictures share their dice.
func random(picture, variation uint64) *rand.Rand {
	return rand.New(rand.NewPCG(picture*0x9e3779b97f4a7c15, variation))
}

// noise is gradient noise (Perlin, 2002) over the plane: smooth, without a
// direction, roughly -1 to 1.
type noise struct {
	permutation [512]uint8
	gradients   [256][2]float64
}

func newNoise(r *rand.Rand) *noise {
	n := &noise{}
	for i, v := range r.Perm(256) {
		n.permutation[i], n.permutation[i+256] = uint8(v), uint8(v)
		angle := 2 * math.Pi * float64(i) / 256
		n.gradients[i] = [2]float64{math.Cos(angle), math.Sin(angle)}
	}
	return n
}

// at is the noise at a point; features are about 1 wide.
func (n *noise) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(int64(fx)&255), int(int64(fy)&255)
	x, y = x-fx, y-fy
	u, v := fade(x), fade(y)
	left, right := int(n.permutation[ix]), int(n.permutation[(ix+1)&255])
	a := n.slope(left+iy, x, y)
	b := n.slope(right+iy, x-1, y)
	c := n.slope(left+((iy+1)&255), x, y-1)
	d := n.slope(right+((iy+1)&255), x-1, y-1)
	return 1.5 * (a + u*(b-a) + v*(c+u*(d-c)-a-u*(b-a)))
}

func (n *noise) slope(i int, x, y float64) float64 {
	g := &n.gradients[n.permutation[i&511]]
	return g[0]*x + g[1]*y
}

func fade(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }

// fbm is fractional Brownian motion: octaves of noise, each half as large and
// twice as fine.
func (n *noise) fbm(x, y float64, octaves int) float64 {
	sum, size := 0.0, 0.5
	for range octaves {
		sum += size * n.at(x, y)
		// Turned a little each time, so that the lattices never line up.
		x, y = 1.6*x+1.2*y+17.3, -1.2*x+1.6*y-9.1
		size /= 2
	}
	return sum
}

// ridged is fbm folded at zero, which gives crests.
func (n *noise) ridged(x, y float64, octaves int) float64 {
	sum, size := 0.0, 0.5
	for range octaves {
		v := 1 - math.Abs(n.at(x, y))
		sum += size * v * v
		x, y = 1.6*x+1.2*y+17.3, -1.2*x+1.6*y-9.1
		size /= 2
	}
	return sum
}

// curl is a flow without sources or sinks: the noise's level lines, as a
// direction and speed.
func (n *noise) curl(x, y float64) vec {
	const h = 1e-3
	dx := (n.at(x+h, y) - n.at(x-h, y)) / (2 * h)
	dy := (n.at(x, y+h) - n.at(x, y-h)) / (2 * h)
	return vec{dy, -dx}
}

// grit is white noise, 0 to 1, the same at the same place: the tooth of paper,
// the grain of film.
func grit(x, y int, seed uint32) float64 {
	h := uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841 ^ seed*0xcb1ab31f
	h = (h ^ h>>15) * 0x2c1b3c6d
	h = (h ^ h>>12) * 0x297a2d39
	return float64(h^h>>15) / (1 << 32)
}
