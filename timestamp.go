package gallery

import "time"

// Timestamp is t as it is written on the wire: RFC 3339 in UTC with exactly
// three decimals, so that clients may compare timestamps as text.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
