package django

import (
	"io"
	"time"
)

// What the fuzz targets take apart.

// Decrypt is decrypt, its errors among them.
func Decrypt(key string, sealed io.Reader) (io.Reader, error) { return decrypt(key, sealed) }

// Instant is instant.
func Instant(text string, zone *time.Location) (time.Time, bool) { return instant(text, zone) }

// ValueOf is valueOf.
func ValueOf(text string) (map[string]string, string) { return valueOf(text) }

// WholeNumber is wholeNumber.
func WholeNumber(text string) (int64, bool) { return wholeNumber(text) }

// Fit is fit.
func Fit(text string, most int, rule func(string) (string, string)) (string, string) {
	return fit(text, most, rule)
}

// UsernameOf is usernameOf.
func UsernameOf(text string) string { return usernameOf(text) }
