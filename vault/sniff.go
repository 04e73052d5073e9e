package vault

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The media types of works (docs/protocol.md, "Files").
const (
	JPEG     = "image/jpeg"
	PNG      = "image/png"
	GIF      = "image/gif"
	WebP     = "image/webp"
	MP4      = "video/mp4"
	WebM     = "video/webm"
	MP3      = "audio/mpeg"
	OggAudio = "audio/ogg"
	OggVideo = "video/ogg"
	Ogg      = "application/ogg" // something else in an Ogg container
	PDF      = "application/pdf"
	Text     = "text/plain; charset=utf-8"
)

// SniffLen is how many bytes from the beginning [Sniff] wants to see; with
// fewer, the file had better end there.
const SniffLen = 4096

// IsPicture tells whether a media type is one of a still or moving picture
// that an <img> shows, which is also what a placeholder may be.
func IsPicture(contentType string) bool {
	return slices.Contains([]string{JPEG, PNG, GIF, WebP}, contentType)
}

// Sniff tells the media type of a file by its first bytes, and no other way:
// names and headers are claims. ok is false for everything a work may not be,
// among them SVG, HTML and XML in any disguise: a browser would run them. (Of a
// text with more white space in front than the head holds, [Inspect] judges the
// beginning when it comes.) An empty head is nothing at all.
func Sniff(head []byte) (contentType string, ok bool) {
	head = head[:min(len(head), SniffLen)]
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG, true
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG, true
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return GIF, true
	case len(head) >= 15 && string(head[:4]) == "RIFF" && string(head[8:15]) == "WEBPVP8":
		return WebP, true
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return PDF, true
	case bytes.HasPrefix(head, []byte("OggS\x00")):
		return sniffOgg(head), true
	case isMP4(head):
		return MP4, true
	case isWebM(head):
		return WebM, true
	case isMP3(head):
		return MP3, true
	case isText(head):
		return Text, true
	}
	return "", false
}

// isText tells whether the head may begin a plain text: UTF-8 (a rune may be
// cut off at the end), none of the control characters that betray a binary
// format (WHATWG MIME Sniffing, "binary data byte"), no markup.
func isText(head []byte) bool {
	if whole := wholeRunes(head); len(whole) == 0 || !utf8.Valid(whole) {
		return false
	}
	for _, b := range head {
		if b < 0x20 && !strings.ContainsRune("\t\n\v\f\r\x1b", rune(b)) {
			return false
		}
	}
	return !isMarkup(head)
}

// isMarkup tells whether a text is, or may be taken for, HTML, SVG or XML: the
// first thing in it that can be seen is a tag, or a tag that turns text into a
// document stands in the SniffLen bytes that begin there. A text may mention
// any tag behind them, and all other tags anywhere but in front.
func isMarkup(text []byte) bool {
	text = trimUnseen(text)
	text = bytes.ToLower(text[:min(len(text), SniffLen)])
	if len(text) > 1 && text[0] == '<' && (strings.IndexByte("!?/", text[1]) >= 0 || text[1] >= 'a' && text[1] <= 'z') {
		return true
	}
	for _, tag := range []string{"<!doctype", "<?xml", "<html", "<svg", "<script"} {
		if bytes.Contains(text, []byte(tag)) {
			return true
		}
	}
	return false
}

// trimUnseen is p without what stands unseen at its beginning: white space,
// control characters and what Unicode calls default ignorable (zero-width
// spaces, byte order marks, fillers, variation selectors), by which a browser
// may be led past a check, and no reader.
func trimUnseen(p []byte) []byte {
	return bytes.TrimLeftFunc(p, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
	})
}

// wholeRunes is p without a rune that is cut off at its end.
func wholeRunes(p []byte) []byte {
	for i := 1; i <= min(len(p), utf8.UTFMax-1); i++ {
		if c := p[len(p)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(p[len(p)-i:]) {
				return p[:len(p)-i]
			}
			break
		}
	}
	return p
}
