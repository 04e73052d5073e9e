package paint_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"
	"regexp"
	"testing"
	"unicode/utf8"

	"golang.org/x/image/draw"

	"invisibleart.example/gallery/demo/paint"
)

var update = flag.Bool("update", false, "write the thumbnails anew; look at the pictures first")

const golden = "testdata/thumbnails.txt"

// thumbnail is the picture in 8 × 8 pixels, in hex. Processors differ in how
// they round, so bytes of a picture are nothing to compare; what the eye would
// notice is still there in 64 pixels.
func thumbnail(im image.Image) string {
	small := image.NewRGBA(image.Rect(0, 0, 8, 8))
	draw.BiLinear.Scale(small, small.Rect, im, im.Bounds(), draw.Src, nil)
	var text bytes.Buffer
	for i := 0; i < len(small.Pix); i += 4 {
		fmt.Fprintf(&text, "%x", small.Pix[i:i+3])
	}
	return text.String()
}

// apart is how much two thumbnails differ, in the mean and at most, in levels
// of 256.
func apart(t *testing.T, a, b string) (mean, most float64) {
	t.Helper()
	var pa, pb []byte
	if _, err := fmt.Sscanf(a, "%x", &pa); err != nil {
		t.Fatalf("read thumbnail: %v", err)
	}
	if _, err := fmt.Sscanf(b, "%x", &pb); err != nil || len(pa) != 192 || len(pb) != 192 {
		t.Fatalf("read thumbnails of %d and %d bytes: %v", len(pa), len(pb), err)
	}
	for i := range pa {
		d := math.Abs(float64(pa[i]) - float64(pb[i]))
		mean, most = mean+d/192, max(most, d)
	}
	return mean, most
}

// TestPictures paints the whole collection once and holds each picture to
// what was hung, and its file to what the gallery takes.
func TestPictures(t *testing.T) {
	want := map[string]string{}
	if file, err := os.Open(golden); err == nil {
		for lines := bufio.NewScanner(file); lines.Scan(); {
			var name, text string
			fmt.Sscan(lines.Text(), &name, &text)
			want[name] = text
		}
		file.Close()
	}
	got := make([]string, len(paint.Pictures()))
	t.Run("all", func(t *testing.T) {
		for i, p := range paint.Pictures() {
			t.Run(p.Name, func(t *testing.T) {
				t.Parallel()
				var file bytes.Buffer
				if err := p.Encode(&file, 0); err != nil {
					t.Fatalf("encode: %v", err)
				}
				if file.Len() > 3_000_000 {
					t.Errorf("the file has %d bytes, want at most 3 MB", file.Len())
				}
				im, format, err := image.Decode(&file)
				if err != nil {
					t.Fatalf("decode: %v", err)
				}
				if want := map[string]string{".jpg": "jpeg", ".png": "png"}[p.Extension()]; format != want {
					t.Errorf("the file is %s, its extension is %s", format, p.Extension())
				}
				if size := im.Bounds().Size(); max(size.X, size.Y) < 1400 || min(size.X, size.Y) < 1000 {
					t.Errorf("the picture has %v pixels, want 1400 or more", size)
				}
				got[i] = thumbnail(im)
				if *update {
					return
				}
				if mean, most := apart(t, got[i], want[p.Name]); mean > 3 || most > 30 {
					t.Errorf("it differs from what was hung by %.1f in the mean, %.0f at most: look at it, and run with -update if it is good", mean, most)
				}
			})
		}
	})
	if *update {
		var text bytes.Buffer
		for i, p := range paint.Pictures() {
			fmt.Fprintln(&text, p.Name, got[i])
		}
		if err := os.WriteFile(golden, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVariationsAreSiblings(t *testing.T) {
	for _, p := range paint.Pictures() {
		if p.Name != "flow" && p.Name != "penrose" { // the two that paint fastest
			continue
		}
		first, again, other := thumbnail(p.Paint(1)), thumbnail(p.Paint(1)), thumbnail(p.Paint(2))
		if first != again {
			t.Errorf("%s: variation 1 painted twice differs", p.Name)
		}
		if mean, _ := apart(t, first, other); mean < 3 {
			t.Errorf("%s: variations 1 and 2 differ by %.1f only", p.Name, mean)
		}
	}
}

func TestLabels(t *testing.T) {
	names, titles := map[string]bool{}, map[string]bool{}
	for _, p := range paint.Pictures() {
		if names[p.Name] || titles[p.Title] {
			t.Errorf("%s: the name or the title %q is taken", p.Name, p.Title)
		}
		names[p.Name], titles[p.Title] = true, true
		for what, text := range map[string]string{"title": p.Title, "alternative text": p.AltText, "description": p.Description} {
			if least := map[string]int{"title": 4, "alternative text": 60, "description": 100}[what]; utf8.RuneCountInString(text) < least {
				t.Errorf("%s: the %s %q is shorter than %d", p.Name, what, text, least)
			}
		}
		for _, c := range p.Palette {
			if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(c) {
				t.Errorf("%s: %q is not a colour", p.Name, c)
			}
		}
	}
	if len(names) < 10 {
		t.Errorf("the collection has %d pictures, want at least 10", len(names))
	}
}

func TestTitleOf(t *testing.T) {
	p := paint.Picture{Title: "Study"}
	for variation, want := range map[int]string{0: "Study", 1: "Study, II", 3: "Study, IV", 8: "Study, IX", 43: "Study, XLIV", 1993: "Study, MCMXCIV"} {
		if got := p.TitleOf(variation); got != want {
			t.Errorf("variation %d: got %q, want %q", variation, got, want)
		}
	}
}

func BenchmarkPaint(b *testing.B) {
	for _, p := range paint.Pictures() {
		b.Run(p.Name, func(b *testing.B) {
			for b.Loop() {
				p.Paint(0)
			}
		})
	}
}
