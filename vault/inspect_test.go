package vault_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/vault"
)

// inspect inspects content and reads it to its end.
func inspect(content io.Reader, limit int64) (contentType string, got []byte, err error) {
	in, err := vault.Inspect("artwork_file", content, limit)
	if err != nil {
		return "", nil, err
	}
	got, err = io.ReadAll(in)
	return in.ContentType, got, err
}

func TestInspectLetsGoodFilesThrough(t *testing.T) {
	exif := picture(t, vault.JPEG, 40, 30)
	// Metadata of 3 MiB between the start and the dimensions, as cameras and
	// editors write it.
	segment := append([]byte{0xff, 0xe1, 0xff, 0xff}, bytes.Repeat([]byte{0xff}, 0xffff-2)...)
	exif = append(append([]byte{0xff, 0xd8}, bytes.Repeat(segment, 48)...), exif[2:]...)
	for _, test := range []struct {
		want    string
		content []byte
	}{
		{vault.PNG, picture(t, vault.PNG, 1000, 800)},
		{vault.JPEG, picture(t, vault.JPEG, 900, 700)},
		{vault.JPEG, exif},
		{vault.GIF, picture(t, vault.GIF, 300, 300)},
		{vault.WebP, append(webp(10_000, 10_000), noise(9000, 1)...)},
		{vault.MP4, append([]byte(mp4), noise(100_000, 2)...)},
		{vault.Text, []byte("x")},
		{vault.Text, []byte(strings.Repeat(" ", 5000))},
		{vault.Text, []byte(strings.Repeat("\u200b\u3000", 5000) + "A poem with a <b>tag</b> in it, " + strings.Repeat("and much to say, ", 300) + "of <svg> at last.")},
		{vault.Text, []byte(strings.Repeat("Ein Gedicht über Bäume 🌳 und Käfer.\n", 5000))},
	} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{"whole": whole, "byte by byte": iotest.OneByteReader, "data with EOF": iotest.DataErrReader} {
			got, content, err := inspect(wrap(bytes.NewReader(test.content)), int64(len(test.content)))
			if got != test.want || err != nil || !bytes.Equal(content, test.content) {
				t.Errorf("%s, %d bytes, %s: got %s, %d bytes, error %v, want it through unchanged", test.want, len(test.content), name, got, len(content), err)
			}
		}
	}
}

func whole(r io.Reader) io.Reader { return r }

func TestInspectRefuses(t *testing.T) {
	png := picture(t, vault.PNG, 10, 10)
	bomb := bytes.Clone(png) // width and height, 4 bytes each, at 16; their checksum at 29
	binary.BigEndian.PutUint32(bomb[16:], 20_000)
	binary.BigEndian.PutUint32(bomb[20:], 20_000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	flat := bytes.Clone(picture(t, vault.GIF, 10, 10))
	copy(flat[6:], []byte{0, 0, 0, 0})
	for _, test := range []struct {
		name    string
		content string
		says    string
	}{
		{"empty", "", "empty"},
		{"SVG", "<svg/>", "SVG and HTML are refused"},
		{"HTML behind spaces", strings.Repeat(" ", 4096) + "<!DOCTYPE html><script>alert(1)</script>", "SVG and HTML are refused"},
		{"SVG behind spaces", strings.Repeat(" ", 4096) + "<svg onload=alert(1)>", "SVG and HTML are refused"},
		{"a tag cut by the head", strings.Repeat(" ", 4095) + "<b>", "SVG and HTML are refused"},
		{"HTML behind a megabyte of what cannot be seen", strings.Repeat("\u200b\u00a0\n", 200_000) + "<img src=x onerror=alert(1)>", "SVG and HTML are refused"},
		{"HTML behind spaces and a word", strings.Repeat(" ", 4096) + "hello<HTML>", "SVG and HTML are refused"},
		{"unknown", "\x00\x01\x02", "must be a JPEG"},
		{"pixel bomb", string(bomb), "20000 × 20000 pixels"},
		{"just over the limit", string(webp(10_001, 10_000)), "more than 100 megapixels"},
		{"no pixels", string(flat), "pixels"},
		{"PNG cut off in its header", string(png[:20]), "dimensions"},
		{"JPEG of metadata only", "\xff\xd8" + strings.Repeat("\xff\xe1\xff\xff"+strings.Repeat("\xff", 0xffff-2), 80), "dimensions"},
		{"JPEG in name only", "\xff\xd8\xff hello", "dimensions"},
		{"NUL in text, late", strings.Repeat("text ", 50_000) + "\x00", "NUL"},
		{"Latin-1 in text, late", strings.Repeat("text ", 50_000) + "\xfc", "UTF-8"},
		{"text that ends in the middle of a rune", strings.Repeat("text ", 5_000) + "\xf0\x9f", "UTF-8"},
		{"short text that ends in the middle of a rune", "text \xf0\x9f", "UTF-8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := inspect(strings.NewReader(test.content), 64<<20)
			e, ok := errors.AsType[*gallery.Error](err)
			if !ok || e.Code != gallery.Invalid || len(e.Fields) != 1 || e.Fields[0].Location != "artwork_file" {
				t.Fatalf("got %v, want an Invalid error that names artwork_file", err)
			}
			if !strings.Contains(e.Fields[0].Message, test.says) {
				t.Errorf("got message %q, want it to say %q", e.Fields[0].Message, test.says)
			}
		})
	}
}

func TestInspectLimit(t *testing.T) {
	for _, test := range []struct {
		size  int
		limit int64
		ok    bool
	}{
		{1000, 1000, true}, {1001, 1000, false}, {1 << 20, 1 << 20, true}, {1<<20 + 1, 1 << 20, false},
		{5000, 100, false}, {5000, 0, true},
	} {
		for _, kind := range []string{"text ", mp4} {
			content := strings.Repeat(kind, test.size)[:test.size]
			_, got, err := inspect(strings.NewReader(content), test.limit)
			if want := test.ok; (err == nil) != want || !want && gallery.CodeOf(err) != gallery.TooLarge {
				t.Errorf("%d bytes of at most %d: got %v, want too large: %v", test.size, test.limit, err, !want)
			}
			if test.limit > 0 && int64(len(got)) > test.limit {
				t.Errorf("%d bytes of at most %d: %d got through", test.size, test.limit, len(got))
			}
		}
	}
	_, _, err := inspect(strings.NewReader("text"), 3)
	if want := "at most 3 bytes"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want it to say %q", err, want)
	}
	_, _, err = inspect(strings.NewReader(strings.Repeat("x", 4<<20)), 2<<20)
	if want := "at most 2 MiB"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want it to say %q", err, want)
	}
}

// TestInspectPassesErrorsOn cuts an upload everywhere a reader may be looking.
func TestInspectPassesErrorsOn(t *testing.T) {
	down := errors.New("connection reset")
	for _, content := range [][]byte{picture(t, vault.PNG, 30, 30), picture(t, vault.JPEG, 30, 30), []byte(strings.Repeat("text ", 3000))} {
		for _, cut := range []int{0, 5, len(content) / 2, len(content)} {
			for _, test := range []struct {
				err  error
				code gallery.Code
			}{{down, gallery.Internal}, {io.ErrUnexpectedEOF, gallery.Malformed}, {gallery.Errorf(gallery.TooLarge, "x"), gallery.TooLarge}} {
				_, _, err := inspect(io.MultiReader(bytes.NewReader(content[:cut]), iotest.ErrReader(test.err)), 1<<20)
				if !errors.Is(err, test.err) || gallery.CodeOf(err) != test.code {
					t.Errorf("%.4q cut at %d: got %v (%s), want %v (%s)", content, cut, err, gallery.CodeOf(err), test.err, test.code)
				}
			}
		}
	}
}

// TestTextIsCheckedAcrossPieces compares the streaming check with the whole,
// in pieces of any size.
func TestTextIsCheckedAcrossPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte("begin " + rapid.String().Draw(t, "text"))
		if rapid.Bool().Draw(t, "broken") {
			at := rapid.IntRange(6, len(text)).Draw(t, "at")
			text = append(text[:at], append(rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "bytes"), text[at:]...)...)
		}
		// Behind the head, so that only the stream is judged.
		content := append(bytes.Repeat([]byte("x"), vault.SniffLen), text...)
		in, err := vault.Inspect("artwork_file", bytes.NewReader(content), 0)
		if err != nil {
			t.Fatalf("inspect: %v", err)
		}
		var got []byte
		for err == nil {
			piece := make([]byte, rapid.IntRange(1, 9).Draw(t, "piece"))
			if len(got) < vault.SniffLen {
				piece = make([]byte, vault.SniffLen)
			}
			var n int
			n, err = in.Read(piece)
			got = append(got, piece[:n]...)
		}
		good := utf8.Valid(text) && bytes.IndexByte(text, 0) < 0
		if good != (err == io.EOF) || good && !bytes.Equal(got, content) {
			t.Fatalf("%q: got %v after %d bytes, want it refused: %v", text, err, len(got), !good)
		}
	})
}

func ExampleInspect() {
	in, err := vault.Inspect("artwork_file", strings.NewReader("Roses are red."), 64<<20)
	fmt.Println(in.ContentType, err)
	// Output: text/plain; charset=utf-8 <nil>
}
