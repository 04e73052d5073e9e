package django

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
)

// truth reads a boolean: SQLite says 1, PostgreSQL true.
func truth(text string) bool { return text == "1" || text == "true" || text == "t" }

// ofDjango is the space of the UUIDs that are computed from other ids.
const ofDjango = "urn:invisible-art-gallery:django:"

// idOf is the id under which a row of a table is kept here: its UUID in the
// canonical spelling (SQLite holds 32 hex digits), or one computed from another
// id, so that the next run comes to the same. kept tells which.
func idOf(t Table, text string) (id string, kept bool) {
	if id, ok := gallery.ParseID(text); ok {
		return id, true
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(ofDjango+string(t)+":"+text)).String(), false
}

// userID is the id of a user, which need not be a UUID: tokens name it as
// Simple JWT wrote it, a whole number as its digits.
func userID(text string) string {
	if id, ok := gallery.ParseID(text); ok {
		return id
	}
	return text
}

// maxUserID is the longest user id that a token may name, in bytes.
const maxUserID = 255

// timeLayouts are the spellings of a time: those of the two engines and of
// JSON, and what Python's isoformat makes. Go reads a fraction behind the
// seconds by itself.
func timeLayouts() []string {
	return []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
		"2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"}
}

// instant reads a time; one without a zone is in the given one. ok is false for
// what is none, or lies where no gallery ever was (PostgreSQL's infinity, the
// year 0): a time that cannot be printed would end every answer that holds it.
func instant(text string, zone *time.Location) (at time.Time, ok bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + strings.TrimSpace(text[10:])
	}
	for _, layout := range timeLayouts() {
		at, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		at = at.UTC().Truncate(time.Microsecond) // as it is stored
		return at, at.Year() >= 1900 && at.Year() <= 9999
	}
	return time.Time{}, false
}

// The reasons for which a text is not taken over as it is.
const (
	badCharacters = "characters that cannot be stored were removed"
	tooLong       = "cut, because it is too long here"
)

// fit makes a text such that rule takes it, and tells why it had to. What is
// still refused is empty.
func fit(text string, most int, rule func(string) (string, string)) (fitting, why string) {
	if fitting, problem := rule(text); problem == "" {
		return fitting, ""
	}
	clean := strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "")
	fitting, problem := rule(clean)
	if problem == "" {
		return fitting, badCharacters
	}
	if utf8.RuneCountInString(fitting) <= most {
		return "", problem
	}
	cut := string([]rune(fitting)[:most-1]) + "…"
	if fitting, problem = rule(cut); problem != "" {
		return "", problem
	}
	return fitting, tooLong
}
