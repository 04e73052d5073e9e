package paint

import (
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
)

// Picture is a way of painting, and what a wall label says of it. Its methods
// are safe for concurrent use.
type Picture struct {
	Name        string   // a short word, part of a file's name
	Title       string   // of variation 0; see TitleOf
	AltText     string   // for those who do not see it
	Description string   // how it was made
	Palette     []string // its colours as "#rrggbb", the ground first

	flat  bool // few colours and sharp edges: kept as PNG
	paint func(palette []colour, variation uint64) *canvas
}

// Pictures lists the collection in the order it is hung.
func Pictures() []Picture {
	return []Picture{
		hills(), glass(), flow(), attractor(), truchet(), coral(),
		marble(), penrose(), dahlia(), ribbons(), rooms(), silk(),
	}
}

// Paint paints a variation. It takes up to a few seconds.
func (p Picture) Paint(variation int) *image.RGBA {
	return p.paint(hexes(p.Palette), uint64(variation)).develop(p.flat)
}

// Encode paints a variation and writes it as a file of the type that Extension
// names, of less than 3 MB.
func (p Picture) Encode(w io.Writer, variation int) error {
	im := p.Paint(variation)
	var err error
	if p.flat {
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, im)
	} else {
		err = jpeg.Encode(w, im, &jpeg.Options{Quality: 92})
	}
	if err != nil {
		return fmt.Errorf("encode %s: %w", p.Name, err)
	}
	return nil
}

// Extension is that of the file Encode writes, ".png" or ".jpg".
func (p Picture) Extension() string {
	if p.flat {
		return ".png"
	}
	return ".jpg"
}

// TitleOf is the title of a variation: siblings are numbered as painters
// number their studies, in Roman numerals.
func (p Picture) TitleOf(variation int) string {
	if variation == 0 {
		return p.Title
	}
	return p.Title + ", " + roman(variation+1)
}

func roman(n int) string {
	var s strings.Builder
	for _, r := range []struct {
		value int
		text  string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= r.value; n -= r.value {
			s.WriteString(r.text)
		}
	}
	return s.String()
}
