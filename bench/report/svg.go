package report

import (
	"fmt"
	"html"
	"strings"
)

// drawing is an SVG in the making. Colours are classes, so that the same file
// can be read on light and on dark ground; the font is the reader's.
type drawing struct {
	b             strings.Builder
	width, height int
}

const style = `<style>
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#24292f}
.title{font-size:15px;font-weight:600}.small{font-size:11px}.quiet{fill:#57606a}
.grid{stroke:#d0d7de;stroke-width:1}.whisker{stroke:#24292f;stroke-width:1.5}
.line{fill:none;stroke-width:2.2;stroke-linejoin:round}
.c0{stroke:#6e7781}.f0{fill:#6e7781}.c1{stroke:#0969da}.f1{fill:#0969da}.c2{stroke:#1b7c83}.f2{fill:#1b7c83}
.c3{stroke:#1a7f37}.f3{fill:#1a7f37}.c4{stroke:#9a6700}.f4{fill:#9a6700}.c5{stroke:#bc4c00}.f5{fill:#bc4c00}
.c6{stroke:#8250df}.f6{fill:#8250df}.c7{stroke:#cf222e}.f7{fill:#cf222e}
.ours{stroke-width:3.4}.dashed{stroke-dasharray:5 4}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}.quiet{fill:#9198a1}.grid{stroke:#3d444d}.whisker{stroke:#e6edf3}
.c0{stroke:#9198a1}.f0{fill:#9198a1}.c1{stroke:#58a6ff}.f1{fill:#58a6ff}.c2{stroke:#39c5cf}.f2{fill:#39c5cf}
.c3{stroke:#3fb950}.f3{fill:#3fb950}.c4{stroke:#d29922}.f4{fill:#d29922}.c5{stroke:#f0883e}.f5{fill:#f0883e}
.c6{stroke:#bc8cff}.f6{fill:#bc8cff}.c7{stroke:#ff7b72}.f7{fill:#ff7b72}}
</style>
`

func draw(width, height int, title string) *drawing {
	d := &drawing{width: width, height: height}
	fmt.Fprintf(&d.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&d.b, "<title>%s</title>\n%s", html.EscapeString(title), style)
	d.text(12, 24, "title", "start", title)
	return d
}

func (d *drawing) text(x, y float64, class, anchor, text string) {
	fmt.Fprintf(&d.b, `<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`+"\n", x, y, class, anchor, html.EscapeString(text))
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&d.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", x1, y1, x2, y2, class)
}

func (d *drawing) bar(x, y, width, height float64, class string) {
	fmt.Fprintf(&d.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" class="%s"/>`+"\n", x, y, max(width, 1), height, class)
}

func (d *drawing) dot(x, y float64, class string) {
	fmt.Fprintf(&d.b, `<circle cx="%.1f" cy="%.1f" r="3.2" class="%s"/>`+"\n", x, y, class)
}

func (d *drawing) path(points [][2]float64, class string) {
	var way strings.Builder
	for i, p := range points {
		fmt.Fprintf(&way, "%c%.1f %.1f", "ML"[min(i, 1)], p[0], p[1])
	}
	fmt.Fprintf(&d.b, `<path d="%s" class="line %s"/>`+"\n", way.String(), class)
}

func (d *drawing) bytes() []byte { return []byte(d.b.String() + "</svg>\n") }
