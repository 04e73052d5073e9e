package web

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
)

// veilVersion names the way veils are drawn; whoever changes it changes this,
// and browsers ask again.
const veilVersion = "1"

// cloth is a colour of linen, silk or velvet: its shade in the folds and where
// the light falls.
type cloth struct{ dark, light rgb }

type rgb struct{ r, g, b float64 }

// cloths are quiet and of middle brightness, to hang on a white wall as well
// as on a black one.
func cloths() []cloth {
	return []cloth{
		{rgb{38, 42, 58}, rgb{126, 134, 163}},   // slate
		{rgb{58, 40, 36}, rgb{176, 140, 120}},   // umber
		{rgb{26, 46, 44}, rgb{112, 150, 138}},   // bottle
		{rgb{58, 34, 48}, rgb{178, 132, 150}},   // mulberry
		{rgb{110, 102, 90}, rgb{214, 206, 192}}, // linen
		{rgb{84, 98, 106}, rgb{190, 202, 206}},  // fog
		{rgb{120, 92, 80}, rgb{222, 200, 186}},  // clay
		{rgb{30, 40, 66}, rgb{122, 146, 188}},   // indigo
		{rgb{84, 56, 32}, rgb{206, 166, 120}},   // ochre
		{rgb{44, 48, 36}, rgb{152, 158, 126}},   // moss
		{rgb{96, 44, 40}, rgb{200, 128, 112}},   // brick
		{rgb{70, 66, 84}, rgb{176, 170, 192}},   // lilac
	}
}

// folds is how many strips of cloth a veil is made of, knots how many points
// each of their edges has.
const (
	folds = 64
	knots = 9
)

// wave is one of the movements that add up to the fall of the cloth.
type wave struct{ amount, across, down, phase, drift float64 }

// drawVeil draws the cloth that hangs before a hidden work. It is made of
// nothing but the id, so that neither a colour nor the shape of the work shows
// through; the same id gives the same veil for ever.
func drawVeil(id string) []byte {
	random := rand.New(rand.NewChaCha8(sha256.Sum256([]byte("veil " + veilVersion + " " + id))))
	// Portrait, square or landscape: chance, not the work's own shape.
	size := [][2]float64{{800, 1000}, {800, 800}, {1000, 800}, {760, 1000}}[random.IntN(4)]
	width, height := size[0], size[1]
	colours := cloths()[random.IntN(len(cloths()))]

	waves := make([]wave, 4)
	for i := range waves {
		scale := math.Pow(1.9, float64(i)) // each finer, and weaker, than the one before
		waves[i] = wave{
			amount: (0.62 + 0.2*random.Float64()) / scale,
			across: (1.3 + 1.1*random.Float64()) * scale,
			down:   (random.Float64() - 0.5) * 0.9,
			phase:  random.Float64(),
			drift:  (random.Float64() - 0.5) * 0.5,
		}
	}
	lamp := random.Float64() // where the light comes from, left to right

	// height of the cloth towards the onlooker at (u, v), both from 0 to 1
	lift := func(u, v float64) (z float64) {
		for _, w := range waves {
			bend := w.drift * math.Sin(2*math.Pi*(0.6*v+w.phase))
			z += w.amount * math.Sin(2*math.Pi*(w.across*u+w.down*v+w.phase+bend))
		}
		return z
	}
	// The knots of every edge between two strips, each used by both.
	var edges [folds + 1][knots]float64
	for i := range edges {
		for k := range knots {
			u, v := float64(i)/folds, float64(k)/(knots-1)
			// The cloth is gathered at the top and falls open: it sways more below.
			edges[i][k] = (u*1.2 - 0.1 + 0.022*(0.35+0.65*v)*lift(u, v)) * width
		}
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f">`, width, height, width, height)
	// The light fades towards the floor, slowly enough to leave no line.
	b.WriteString(`<linearGradient id="l" x2="0" y2="1">`)
	for _, stop := range [][2]float64{{0, 0}, {.3, .03}, {.55, .10}, {.8, .2}, {1, .3}} {
		fmt.Fprintf(&b, `<stop offset="%.2f" stop-opacity="%.2f"/>`, stop[0], stop[1])
	}
	// Blurred sideways, strips become cloth.
	b.WriteString(`</linearGradient><filter id="s"><feGaussianBlur stdDeviation="5 0"/></filter><g filter="url(#s)">`)
	fmt.Fprintf(&b, `<path fill="%s" d="M0 0h%.0fv%.0fH0z"/>`, colours.mix(0.3), width, height)
	for i := range folds {
		u := (float64(i) + 0.5) / folds
		// What faces the lamp is light: the slope of the cloth tells.
		slope := (lift(u+0.004, 0.5) - lift(u-0.004, 0.5)) / 0.008
		shade := 0.46 + 0.026*slope*(0.4+lamp*0.4) + 0.10*lift(u, 0.5)
		shade += 0.12 * (1 - math.Abs(u-lamp)*1.6)
		fmt.Fprintf(&b, `<path fill="%s" d="`, colours.mix(shade))
		strand(&b, 'M', edges[i], height, false)
		// A hair wider than its share, or the ground shines through the seam.
		right := edges[i+1]
		for k := range right {
			right[k] += 0.8
		}
		strand(&b, 'L', right, height, true)
		b.WriteString(`z"/>`)
	}
	fmt.Fprintf(&b, `</g><path fill="url(#l)" d="M0 0h%.0fv%.0fH0z"/></svg>`, width, height)
	return b.Bytes()
}

// strand writes an edge, downwards or upwards, as smooth curves with their
// handles straight up and down, as cloth falls.
func strand(b *bytes.Buffer, command byte, edge [knots]float64, height float64, up bool) {
	point := func(x, y float64) {
		number := strconv.AppendFloat(b.AvailableBuffer(), x, 'f', 1, 64)
		number = strconv.AppendFloat(append(number, ' '), y, 'f', 0, 64)
		b.Write(append(number, ' '))
	}
	b.WriteByte(command)
	var beforeX, beforeY float64
	for n := range knots {
		k := n
		if up {
			k = knots - 1 - n
		}
		x, y := edge[k], height*float64(k)/(knots-1)
		if n > 0 {
			b.WriteByte('C')
			point(beforeX, (beforeY+y)/2)
			point(x, (beforeY+y)/2)
		}
		point(x, y)
		beforeX, beforeY = x, y
	}
}

// mix is the colour between the dark (0) and the light (1) of the cloth.
func (c cloth) mix(t float64) string {
	t = max(0, min(1, t))
	at := func(a, b float64) int { return int(math.Round(a + (b-a)*t)) }
	return fmt.Sprintf("#%02x%02x%02x", at(c.dark.r, c.light.r), at(c.dark.g, c.light.g), at(c.dark.b, c.light.b))
}
