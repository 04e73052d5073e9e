package vault_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"unicode/utf8"

	"invisibleart.example/gallery/vault"
)

// picture is a small picture in one of the formats the standard library writes.
func picture(t testing.TB, contentType string, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	im := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, color.White})
	switch contentType {
	case vault.PNG:
		err = png.Encode(&out, im)
	case vault.JPEG:
		err = jpeg.Encode(&out, im, nil)
	case vault.GIF:
		err = gif.Encode(&out, im, nil)
	}
	if err != nil || out.Len() == 0 {
		t.Fatalf("encode %s: %d bytes, %v", contentType, out.Len(), err)
	}
	return out.Bytes()
}

// webp is the beginning of an extended WebP of the given size, all that is
// ever looked at.
func webp(width, height int) []byte {
	w, h := width-1, height-1
	return append([]byte("RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"),
		byte(w), byte(w>>8), byte(w>>16), byte(h), byte(h>>8), byte(h>>16))
}

// mp3 is two frames of MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes each.
var mp3 = strings.Repeat("\xff\xfb\x90\x00"+strings.Repeat("\x00", 413), 2)

func ogg(packet string) string {
	return "OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01" + string(rune(len(packet))) + packet
}

const (
	mp4  = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42"
	webm = "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm\x42\x87\x81\x04\x42\x85\x81\x02"
)

func TestSniff(t *testing.T) {
	for _, test := range []struct{ name, head, want string }{
		{"JPEG", string(picture(t, vault.JPEG, 8, 8)), vault.JPEG},
		{"PNG", string(picture(t, vault.PNG, 8, 8)), vault.PNG},
		{"GIF", string(picture(t, vault.GIF, 8, 8)), vault.GIF},
		{"GIF87a", "GIF87a\x01\x00\x01\x00\x00\x00\x00", vault.GIF},
		{"WebP", string(webp(8, 8)), vault.WebP},
		{"MP4", mp4, vault.MP4},
		{"MP4 from a fragmenter", "\x00\x00\x00\x1cftypiso5\x00\x00\x02\x00iso5iso6mp41", vault.MP4},
		{"WebM", webm, vault.WebM},
		{"MP3 with ID3", "ID3\x04\x00\x00\x00\x00\x23\x76TSSE", vault.MP3},
		{"MP3 with a short ID3", "ID3\x03\x00\x00\x00\x00\x00\x04tag." + mp3, vault.MP3},
		{"MP3 with a footer behind its ID3", "ID3\x04\x00\x10\x00\x00\x00\x04tag.3DI\x04\x00\x10\x00\x00\x00\x04" + mp3, vault.MP3},
		{"MP3 without ID3", mp3, vault.MP3},
		{"MP3 of one frame", mp3[:417], vault.MP3},
		{"MP3 of MPEG 2", strings.Repeat("\xff\xf3\x84\x00"+strings.Repeat("\x00", 188), 2), vault.MP3}, // 64 kbit/s, 24 kHz
		{"Ogg Vorbis", ogg("\x01vorbis\x00"), vault.OggAudio},
		{"Ogg Opus", ogg("OpusHead"), vault.OggAudio},
		{"Ogg Theora", ogg("\x80theora"), vault.OggVideo},
		{"Ogg, unknown", ogg("something"), vault.Ogg},
		{"PDF", "%PDF-1.7\n", vault.PDF},
		{"text", "A poem.\r\n\tIndented.\n", vault.Text},
		{"text with a BOM", "\ufeffGrüße", vault.Text},
		{"text cut in a rune", "Grüße aus dem Museum 👏"[:27], vault.Text},
		{"text art in colours", "\x1b[31mred\x1b[0m", vault.Text},
		{"text with a heart", "<3 is not a tag, and 1 < 2", vault.Text},
		{"text that only begins like MP3's tag", "ID3 tags are a nuisance", vault.Text},

		{"empty", "", ""},
		{"SVG", `<svg xmlns="http://www.w3.org/2000/svg"/>`, ""},
		{"SVG after white space", "\r\n \t<SVG>", ""},
		{"SVG after a BOM", "\ufeff <svg>", ""},
		{"SVG after a declaration", `<?xml version="1.0"?><svg/>`, ""},
		{"SVG after a comment", "<!-- a picture --><svg/>", ""},
		{"SVG after text", "hello <svg onload=alert(1)>", ""},
		{"SVG after a zero-width space", "\u200b<svg onload=alert(1)>", ""},
		{"HTML after a zero-width space", "\u200b<body onload=alert(1)>", ""},
		{"HTML after a no-break space", "\u00a0<img src=x onerror=alert(1)>", ""},
		{"HTML after all that cannot be seen", "\ufeff\u2028\u3164\ufe0f\u00ad\u202e\u0085\x1b \U000e0001<p>", ""},
		{"HTML after much white space", strings.Repeat(" ", 4000) + "<img src=x onerror=alert(1)>", ""},
		{"text after a no-break space", "\u00a0\u200bhello <b>you</b>", vault.Text},
		{"text that mentions SVG late", strings.Repeat("word ", 820) + "<svg>", vault.Text},
		{"HTML", "<!DOCTYPE html><title>x</title>", ""},
		{"HTML without doctype", "<p>hello", ""},
		{"a closing tag", "</p>hello", ""},
		{"HTML with text before", "hello<HTML>", ""},
		{"a script in text", "hello <script>alert(1)</script>", ""},
		{"XML", "<note>x</note>", ""},
		{"UTF-16", "\xff\xfeh\x00i\x00", ""},
		{"UTF-16 SVG", "\xff\xfe<\x00s\x00v\x00g\x00>\x00", ""},
		{"Latin-1", "Gr\xfc\xdfe aus dem Museum", ""},
		{"NUL", "text\x00text", ""},
		{"ZIP", "PK\x03\x04\x14\x01\x01\x01\x08\x01", ""},
		{"gzip", "\x1f\x8b\x08\x00\x00", ""},
		{"ELF", "\x7fELF\x02\x01\x01\x00", ""},
		{"BMP", "BM\x36\x00\x00\x00\x00\x00", ""},
		{"TIFF", "II*\x00\x08\x00\x00\x00", ""},
		{"WAV", "RIFF\x24\x00\x00\x00WAVEfmt ", ""},
		{"RIFF that is cut off", "RIFF\x24\x00\x00\x00WEB", ""},
		{"AVIF", "\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf", ""},
		{"HEIC that claims MP4", "\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heicisom", ""},
		{"QuickTime", "\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", ""},
		{"Matroska", strings.ReplaceAll(webm, "\x84webm", "\x84matr"), ""},
		{"EBML that ends early", webm[:20], ""},
		{"EBML of endless size", "\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff\x42\x82\x84webm", ""},
		{"AAC in ADTS", "\xff\xf1\x50\x80\x02\x1f\xfc" + strings.Repeat("\x00", 500), ""},
		{"MPEG layer II", strings.Repeat("\xff\xfd\x90\x00"+strings.Repeat("\x00", 413), 2), ""},
		{"one frame header in noise", "\xff\xfb\x90\x00" + strings.Repeat("\x01", 1000), ""},
		{"ID3 of an unknown version", "ID3\x07\x00\x00\x00\x00\x00\x04tag." + mp3, ""},
		{"ID3 with a wrong size", "ID3\x03\x00\x00\x80\x00\x00\x04tag." + mp3, ""},
		{"ID3 before something else", "ID3\x03\x00\x00\x00\x00\x00\x04tag.MZ\x90\x00\x03\x00", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := vault.Sniff([]byte(test.head))
			if got != test.want || ok != (test.want != "") {
				t.Errorf("got %q, %v, want %q", got, ok, test.want)
			}
		})
	}
}

func FuzzSniff(f *testing.F) {
	for _, head := range []string{mp4, webm, mp3, ogg("OpusHead"), "ID3\x04\x00\x00\x00\x00\x23\x76", "%PDF-", "text", "<svg", string(webp(1, 1))} {
		f.Add([]byte(head))
	}
	f.Add(picture(f, vault.PNG, 2, 2))
	f.Add([]byte("\xf0")) // nothing but the beginning of a rune
	f.Fuzz(func(t *testing.T, head []byte) {
		contentType, ok := vault.Sniff(head)
		if ok != (contentType != "") {
			t.Fatalf("got %q, %v: they contradict each other", contentType, ok)
		}
		if again, _ := vault.Sniff(append(bytes.Clone(head), make([]byte, vault.SniffLen)...)[:len(head)]); again != contentType {
			t.Fatalf("the same head is %q and %q", contentType, again)
		}
		if contentType != vault.Text {
			return
		}
		shown := head[:min(len(head), vault.SniffLen)]
		lower := strings.ToLower(string(shown))
		if strings.ContainsRune(lower, 0) || strings.Contains(lower, "<svg") || strings.Contains(lower, "<html") {
			t.Fatalf("%.100q passes for text", shown)
		}
		if !cutOnly(shown) {
			t.Fatalf("%.100q is not UTF-8 and passes for text", shown)
		}
	})
}

// cutOnly tells whether p is UTF-8 up to a rune that is cut off at its end.
func cutOnly(p []byte) bool {
	for cut := range min(len(p), utf8.UTFMax) {
		if utf8.Valid(p[:len(p)-cut]) {
			return true
		}
	}
	return false
}
