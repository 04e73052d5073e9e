package main

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// units are the endings of a size; binary ones count by 1,024, decimal ones by
// 1,000, a bare K, M, G or T as binary.
var units = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "kib": 1 << 10, "kb": 1e3,
	"m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
	"g": 1 << 30, "gib": 1 << 30, "gb": 1e9,
	"t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
}

// parseSize reads a whole number of a unit, upper or lower case, with or
// without a space between, as bytes.
func parseSize(text string) (bytes int64, err error) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(text)
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	unit, known := units[strings.ToLower(strings.TrimSpace(text[end:]))]
	const most = 1 << 40
	if err != nil || !known || n < 1 || n > most/unit {
		return 0, errSize
	}
	return n * unit, nil
}

// parseDays reads a number of days ("365d", "365 days") or what
// time.ParseDuration reads.
func parseDays(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	const day = 24 * time.Hour
	const least, most = time.Minute, 36500 * day
	duration, err := time.ParseDuration(text)
	for _, ending := range []string{"days", "day", "d"} {
		if number, found := strings.CutSuffix(text, ending); found {
			var n float64
			n, err = strconv.ParseFloat(strings.TrimSpace(number), 64)
			if math.IsNaN(n) || n < 0 || n > 36500 {
				return 0, errDays
			}
			duration = time.Duration(n * float64(day))
			break
		}
	}
	if err != nil || duration < least || duration > most {
		return 0, errDays
	}
	return duration, nil
}
