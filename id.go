package gallery

import (
	"encoding/hex"
	"strings"
)

// ParseID reads any spelling of a UUID (RFC 9562, section 4) into the canonical
// one, in which ids are stored: with or without hyphens, in any case, in braces,
// as a URN. ok is false for anything else, which can be the id of nothing.
func ParseID(text string) (id string, ok bool) {
	switch len(text) {
	case 45:
		if !strings.EqualFold(text[:9], "urn:uuid:") {
			return "", false
		}
		text = text[9:]
	case 38:
		if text[0] != '{' || text[37] != '}' {
			return "", false
		}
		text = text[1:37]
	}
	if len(text) == 36 {
		if text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
			return "", false
		}
		text = text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	}
	if len(text) != 32 {
		return "", false
	}
	if _, err := hex.DecodeString(text); err != nil {
		return "", false
	}
	t := strings.ToLower(text)
	return t[:8] + "-" + t[8:12] + "-" + t[12:16] + "-" + t[16:20] + "-" + t[20:], true
}
