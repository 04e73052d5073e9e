package ratelimit_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/ratelimit"
)

// TestDocumentNamesTheDefaults holds the table under "Limits" of
// docs/protocol.md against the table that a gallery runs with. TestLimitsApart
// shows that nodes hold together what it says that they do.
func TestDocumentNamesTheDefaults(t *testing.T) {
	text, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \| ([0-9,]+)(?: open)? \| ([^|]+) \| (together|each) \|$`).FindAllStringSubmatch(string(text), -1) {
		documented[row[1]] = strings.ReplaceAll(row[2], ",", "") + ", then " + row[3] + ", " + row[4]
	}
	d := ratelimit.Defaults()
	held := func(most int) string { return fmt.Sprintf("%d, then –, each", most) }
	want := map[string]string{
		"requests per address":                      written(d.RequestsByAddress) + ", together",
		"requests per user":                         written(d.RequestsByUser) + ", together",
		"registrations per address":                 written(d.RegistrationsByAddress) + ", together",
		"registrations per e-mail address":          written(d.RegistrationsByAccount) + ", together",
		"logins per address":                        written(d.LoginsByAddress) + ", together",
		"logins per e-mail address, known or not":   written(d.LoginsByAccount) + ", together",
		"wrong passwords per account, known or not": written(d.WrongPasswordsByAccount) + ", together",
		"wrong passwords per address":               written(d.WrongPasswordsByAddress) + ", together",
		"works handed in per user":                  written(d.UploadsByUser) + ", together",
		"comments per user":                         written(d.CommentsByUser) + ", together",
		"handshakes per address":                    written(d.HandshakesByAddress) + ", together",
		"sockets per address":                       held(d.SocketsByAddress),
		"sockets per user":                          held(d.SocketsByUser),
		"messages a client sends on one socket":     written(d.MessagesBySocket) + ", each",
	}
	for name, limit := range want {
		if got := documented[name]; got != limit {
			t.Errorf("%s: docs/protocol.md says %q, want %q", name, got, limit)
		}
	}
	if len(documented) != len(want) {
		t.Errorf("docs/protocol.md names %d limits, want %d", len(documented), len(want))
	}
}

// written is a rule as the document writes it.
func written(r ratelimit.Rule) string {
	switch {
	case r.Every < time.Second:
		return fmt.Sprintf("%d, then %d a second", r.Burst, time.Second/r.Every)
	case r.Every == time.Second:
		return fmt.Sprintf("%d, then one a second", r.Burst)
	case r.Every == time.Minute:
		return fmt.Sprintf("%d, then one a minute", r.Burst)
	case r.Every < time.Minute:
		return fmt.Sprintf("%d, then one every %d seconds", r.Burst, r.Every/time.Second)
	default:
		return fmt.Sprintf("%d, then one every %d minutes", r.Burst, r.Every/time.Minute)
	}
}
