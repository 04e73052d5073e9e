package vault

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// mp4Brands are the brands of ISO base media files that are MP4; QuickTime
// films, HEIC and AVIF pictures share the container and are not.
var mp4Brands = []string{
	"isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9",
	"mp41", "mp42", "mp71", "avc1", "dash", "MSNV", "M4A ", "M4B ", "M4V ", "M4VH", "M4VP", "F4V ", "f4v ",
}

// isMP4 reads the file type box (ISO/IEC 14496-12, 4.3). The major brand
// decides: compatible brands of a HEIC picture may well name MP4.
func isMP4(head []byte) bool {
	if len(head) < 16 || string(head[4:8]) != "ftyp" {
		return false
	}
	size := binary.BigEndian.Uint32(head)
	return size >= 16 && size <= SniffLen && size%4 == 0 && slices.Contains(mp4Brands, string(head[8:12]))
}

// isWebM reads the EBML header (RFC 8794) and wants the DocType "webm"; other
// Matroska files are refused.
func isWebM(head []byte) bool {
	body, found := bytes.CutPrefix(head, []byte("\x1a\x45\xdf\xa3"))
	if !found {
		return false
	}
	size, body, ok := ebmlSize(body)
	if !ok || size > uint64(len(body)) {
		return false
	}
	for body = body[:size]; len(body) >= 2; {
		// Ids in an EBML header have one or two bytes; the length of one is told
		// by its leading zeros.
		width := bits.LeadingZeros8(body[0]) + 1
		if width > 2 {
			return false
		}
		id := body[:width]
		size, rest, ok := ebmlSize(body[width:])
		if !ok || size > uint64(len(rest)) {
			return false
		}
		if string(id) == "\x42\x82" {
			return string(bytes.TrimRight(rest[:size], "\x00")) == "webm"
		}
		body = rest[size:]
	}
	return false
}

// ebmlSize reads a variable-length size.
func ebmlSize(p []byte) (size uint64, rest []byte, ok bool) {
	if len(p) == 0 {
		return 0, nil, false
	}
	width := bits.LeadingZeros8(p[0]) + 1
	if width > 8 || len(p) < width {
		return 0, nil, false
	}
	size = uint64(p[0]) & (1<<(8-width) - 1)
	for _, b := range p[1:width] {
		size = size<<8 | uint64(b)
	}
	return size, p[width:], true
}

// sniffOgg tells sound from film by the first packet of an Ogg stream (RFC
// 3533, 6: 27 bytes of page header, then the segment table).
func sniffOgg(head []byte) string {
	if len(head) < 27 || len(head) < 27+int(head[26]) {
		return Ogg
	}
	packet := head[27+int(head[26]):]
	for _, magic := range []string{"\x01vorbis", "OpusHead", "\x7fFLAC", "Speex   "} {
		if bytes.HasPrefix(packet, []byte(magic)) {
			return OggAudio
		}
	}
	if bytes.HasPrefix(packet, []byte("\x80theora")) {
		return OggVideo
	}
	return Ogg
}

// isMP3 tells an MPEG layer III stream, with an ID3v2 tag before it or
// without.
func isMP3(head []byte) bool {
	if bytes.HasPrefix(head, []byte("ID3")) {
		return isID3(head)
	}
	length, ok := mp3Frame(head)
	if !ok {
		return false
	}
	// Four bytes are a weak sign: where the next frame begins, one must begin,
	// unless the file ends before.
	if len(head) < length+4 {
		return len(head) == length
	}
	_, ok = mp3Frame(head[length:])
	return ok
}

// isID3 checks the header of an ID3v2 tag (id3.org, ID3v2.4 structure, 3.1):
// a known version, no unknown flag, a size of four times seven bits.
func isID3(head []byte) bool {
	if len(head) < 10 || head[3] < 2 || head[3] > 4 || head[4] == 0xff || head[5]&0x0f != 0 {
		return false
	}
	size := 0
	for _, b := range head[6:10] {
		if b >= 0x80 {
			return false
		}
		size = size<<7 | int(b)
	}
	next := 10 + size
	if head[5]&0x10 != 0 {
		next += 10 // the tag has a footer
	}
	if len(head) >= next+4 && head[next] != 0 {
		// The sound is in sight (no padding, no second tag): it must be one.
		_, ok := mp3Frame(head[next:])
		return ok || bytes.HasPrefix(head[next:], []byte("ID3"))
	}
	return size > 0
}

// mp3Frame reads the header of one MPEG audio layer III frame (ISO/IEC
// 11172-3, 2.4.1.3 and 13818-3) and returns the frame's length in bytes.
func mp3Frame(p []byte) (length int, ok bool) {
	if len(p) < 4 || p[0] != 0xff || p[1]&0xe0 != 0xe0 {
		return 0, false
	}
	version, layer := p[1]>>3&3, p[1]>>1&3
	rateIndex, sampling, padding := p[2]>>4, p[2]>>2&3, int(p[2]>>1&1)
	if version == 1 || layer != 1 || rateIndex == 0 || rateIndex == 15 || sampling == 3 {
		return 0, false // reserved, not layer III, or of free format
	}
	kilobits := [2][15]int{
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}, // MPEG 1
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},     // MPEG 2 and 2.5
	}
	hertz := [3]int{44100, 48000, 32000}[sampling]
	switch version {
	case 3: // MPEG 1: 1152 samples a frame
		return 144*kilobits[0][rateIndex]*1000/hertz + padding, true
	case 2: // MPEG 2: 576 samples, half the sampling rate
		return 72*kilobits[1][rateIndex]*1000/(hertz/2) + padding, true
	default: // MPEG 2.5
		return 72*kilobits[1][rateIndex]*1000/(hertz/4) + padding, true
	}
}
