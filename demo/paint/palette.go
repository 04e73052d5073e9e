package paint

import "math"

// colour is a colour in linear light, red, green and blue from 0 to 1. Linear,
// because light adds up there: mixed in sRGB, blue and yellow turn grey and
// every soft edge gets a dark rim.
type colour [3]float32

// hex reads a colour written "#rrggbb", as the palettes are.
func hex(s string) colour {
	var c colour
	for i := range c {
		c[i] = float32(toLinear(float64(hexDigit(s[1+2*i])<<4|hexDigit(s[2+2*i])) / 255))
	}
	return c
}

func hexDigit(c byte) int {
	if c >= 'a' {
		return int(c-'a') + 10
	}
	return int(c - '0')
}

// hexes reads a palette.
func hexes(palette []string) []colour {
	colours := make([]colour, len(palette))
	for i, s := range palette {
		colours[i] = hex(s)
	}
	return colours
}

func toLinear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func fromLinear(v float64) float64 {
	if v <= 0.0031308 {
		return v * 12.92
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// times is the colour made lighter or darker.
func (c colour) times(f float64) colour {
	return colour{c[0] * float32(f), c[1] * float32(f), c[2] * float32(f)}
}

// plus adds light.
func (c colour) plus(d colour) colour { return colour{c[0] + d[0], c[1] + d[1], c[2] + d[2]} }

// over is glass: light of one colour through another.
func (c colour) over(d colour) colour { return colour{c[0] * d[0], c[1] * d[1], c[2] * d[2]} }

// mix goes from c at 0 to d at 1, in linear light.
func (c colour) mix(d colour, t float64) colour {
	f := float32(clamp(t, 0, 1))
	return colour{c[0] + (d[0]-c[0])*f, c[1] + (d[1]-c[1])*f, c[2] + (d[2]-c[2])*f}
}

// lab is the colour in OKLab (Björn Ottosson, 2020), where equal steps look
// equal.
func (c colour) lab() [3]float64 {
	r, g, b := float64(c[0]), float64(c[1]), float64(c[2])
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return [3]float64{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

func fromLab(p [3]float64) colour {
	l := p[0] + 0.3963377774*p[1] + 0.2158037573*p[2]
	m := p[0] - 0.1055613458*p[1] - 0.0638541728*p[2]
	s := p[0] - 0.0894841775*p[1] - 1.2914855480*p[2]
	l, m, s = l*l*l, m*m*m, s*s*s
	return colour{
		float32(max(0, 4.0767416621*l-3.3077115913*m+0.2309699292*s)),
		float32(max(0, -1.2684380046*l+2.6097574011*m-0.3413193965*s)),
		float32(max(0, -0.0041960863*l-0.7034186147*m+1.7076147010*s)),
	}
}

// gradient is a smooth way through colours, computed once and looked up often.
type gradient []colour

// newGradient leads through the colours at equal distances, in OKLab.
func newGradient(colours ...colour) gradient {
	const steps = 1024
	g := make(gradient, steps+1)
	for i := range g {
		at := float64(i) / steps * float64(len(colours)-1)
		k := min(int(at), len(colours)-2)
		from, to, t := colours[k].lab(), colours[k+1].lab(), at-float64(k)
		g[i] = fromLab([3]float64{lerp(from[0], to[0], t), lerp(from[1], to[1], t), lerp(from[2], to[2], t)})
	}
	return g
}

// at is the colour at t from 0 to 1; beyond, the ends go on.
func (g gradient) at(t float64) colour {
	return g[int(clamp(t, 0, 1)*float64(len(g)-1)+0.5)]
}

func clamp(v, low, high float64) float64 { return max(low, min(high, v)) }

func lerp(a, b, t float64) float64 { return a + (b-a)*t }

// smooth goes from 0 at from to 1 at to without a corner.
func smooth(from, to, v float64) float64 {
	t := clamp((v-from)/(to-from), 0, 1)
	return t * t * (3 - 2*t)
}
