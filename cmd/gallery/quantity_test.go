package main

import (
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"4096": 4096, "1": 1, "1B": 1, "64MiB": 64 << 20, "64 MiB": 64 << 20, " 10MB ": 10e6, "10mb": 10e6,
		"2K": 2048, "2KB": 2000, "1GiB": 1 << 30, "1G": 1 << 30, "1TiB": 1 << 40, "1TB": 1e12,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%q: got %d (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "0", "-1", "+1", "MiB", "1.5GiB", "64 MiBs", "64MiB!", "1025GiB", "2TiB", "9223372036854775807T",
		"99999999999999999999", "0x10", "1e3", "١MiB",
	} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q: got %d, want it refused", text, got)
		}
	}
}

func TestParseDays(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"365d": 365 * day, "365 days": 365 * day, "1 day": day, "0.5d": 12 * time.Hour, "12h": 12 * time.Hour,
		"1m": time.Minute, "1h30m": 90 * time.Minute, "36500d": 36500 * day,
	} {
		if got, err := parseDays(text); err != nil || got != want {
			t.Errorf("%q: got %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "0d", "-1d", "365", "36501d", "NaNd", "Infd", "1e300d", "59s", "-1h", "soon", "d"} {
		if got, err := parseDays(text); err == nil {
			t.Errorf("%q: got %v, want it refused", text, got)
		}
	}
}

func FuzzQuantities(f *testing.F) {
	for _, seed := range []string{"64MiB", "10MB", "365d", "12h", "9223372036854775807T", "NaNd", "1e9d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := parseSize(text); err == nil && (got < 1 || got > 1<<40) {
			t.Errorf("%q: got a size of %d, want 1 byte to 1 TiB", text, got)
		}
		if got, err := parseDays(text); err == nil && (got < time.Minute || got > 36500*24*time.Hour) {
			t.Errorf("%q: got %v, want a minute to 36500 days", text, got)
		}
	})
}
