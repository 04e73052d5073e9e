package web

import (
	"strconv"
	"time"

	"invisibleart.example/gallery"
)

// number writes n with thin spaces between the thousands, as people read it.
func number(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// size writes a number of bytes in the unit that leaves few digits.
func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return plural(bytes, "byte", "bytes")
	case bytes < 1000*1000:
		return number((bytes+500)/1000) + " kB"
	default:
		return strconv.FormatFloat(float64(bytes)/1e6, 'f', 1, 64) + " MB"
	}
}

// moment is a time for a <time> element: for programs, and for people who read
// without JavaScript, which would say it in their own zone.
type moment struct{ time.Time }

func (m moment) ISO() string { return gallery.Timestamp(m.Time) }

func (m moment) Text() string { return m.UTC().Format("2 January 2006, 15:04 UTC") }
