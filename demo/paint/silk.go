package paint

import "math"

// silk is sheets of fine lines, one seen through the other.
func silk() Picture {
	return Picture{
		Name:    "silk",
		Title:   "Silk on Silk",
		AltText: "Fine blue rings on cream paper, printed twice, a finger's breadth apart; broad soft folds fan out from the centre where there is no line at all.",
		Description: "Two sheets of concentric lines, laid almost on top of one another. The broad fans are in neither: " +
			"they are the moiré, the beat between two rhythms that nearly agree, and the folds come from one draught that bends both.",
		Palette: []string{"#f7f0e0", "#1b4482", "#12305f"},
		paint:   paintSilk,
	}
}

// sheet is rings around a centre, in one ink.
type sheet struct {
	centre vec
	ink    colour
}

func paintSilk(palette []colour, variation uint64) *canvas {
	const w, h, period = 1600, 1200, 9
	r := random(12, variation)
	fold, bend := newNoise(r), newNoise(r)
	c := newCanvas(w, h, palette[0])
	c.tooth(newNoise(r), 0.04)
	heart := vec{w * (0.34 + 0.32*r.Float64()), h * (0.4 + 0.2*r.Float64())}
	apart, turn := 13+4*r.Float64(), r.Float64()*2*math.Pi
	var sheets []sheet
	for k, ink := range palette[1:] {
		angle := turn + float64(k)*math.Pi
		sheets = append(sheets, sheet{heart.plus(polar(angle, apart)), ink})
	}
	for k, sheet := range sheets {
		lineAt := func(p vec) float64 {
			// All sheets hang in the same draught, so the folds belong together.
			lift := 130*bend.fbm(p.x/760, p.y/760, 2) + 5*bend.at(p.x/420+9*float64(k), p.y/420)
			return (p.minus(sheet.centre).length() + lift) / period
		}
		c.each(func(x, y int, was colour) colour {
			p := vec{float64(x) + 0.5, float64(y) + 0.5}
			at := lineAt(p)
			// How many pixels a line is apart here, so that its edge is one
			// pixel soft wherever the sheet bends.
			steep := math.Hypot(lineAt(vec{p.x + 1, p.y})-at, lineAt(vec{p.x, p.y + 1})-at) + 1e-6
			light := fold.fbm(p.x/420+3*float64(k), p.y/420, 3)
			thick := clamp(0.46+0.3*light, 0.15, 0.8) // part of the period that is inked
			distance := math.Abs(at-math.Round(at)) / steep
			cover := clamp(thick/2/steep-distance+0.5, 0, 1)
			inked := 0.94 - 0.05*grit(x, y, uint32(k)) - 0.06*fold.at(p.x/5.3, p.y/5.3)
			// Ink lets light through: it darkens what is below.
			return was.mix(was.over(sheet.ink), cover*inked)
		})
	}
	// The margin of a print.
	c.each(func(x, y int, was colour) colour {
		edge := float64(min(min(x, w-1-x), min(y, h-1-y)))
		return palette[0].times(0.985).mix(was, clamp(edge-60, 0, 1))
	})
	return c
}
