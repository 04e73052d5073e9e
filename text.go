package gallery

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text rules: every text is UTF-8 without NUL, trimmed, and measured in
// characters. Each function returns the text as it is stored, and a message
// that fits behind a location when the text is refused ("" when it is fine).
// Text is stored as typed; escaping is the business of whoever shows it.

var usernameForm = regexp.MustCompile(`^[\p{L}\p{N}_.@+-]{1,150}$`)

// UsernameText checks a username: 1 to 150 letters, digits and @ . + - _
func UsernameText(s string) (text, problem string) {
	if text, problem = trimmed(s, 1, 150); problem != "" {
		return text, problem
	}
	if !usernameForm.MatchString(text) {
		return text, "may hold only letters, digits and @ . + - _"
	}
	return text, ""
}

// EmailText checks the form of an e-mail address: something, an @, something,
// without white space, up to 254 bytes. Whether it reaches anybody is not asked.
func EmailText(s string) (text, problem string) {
	if text, problem = trimmed(s, 1, 254); problem != "" {
		return text, problem
	}
	local, domain, found := strings.Cut(text, "@")
	if !found || local == "" || domain == "" || len(text) > 254 ||
		strings.ContainsAny(text, " \t\r\n<>,;\"") || strings.Contains(domain, "@") {
		return text, "must be an e-mail address"
	}
	return text, ""
}

// PasswordText checks a password: 8 to 256 characters, no rules of
// composition. It is the one text that is not trimmed.
func PasswordText(s string) (text, problem string) {
	return s, length(s, 8, 256)
}

// TitleText checks a title: 1 to 255 characters, line breaks among them.
func TitleText(s string) (text, problem string) { return trimmed(s, 1, 255) }

// DescriptionText checks a description or an alternative text: up to 5,000
// characters, may be empty.
func DescriptionText(s string) (text, problem string) { return trimmed(s, 0, 5000) }

// BioText checks a biography: up to 1,000 characters, may be empty.
func BioText(s string) (text, problem string) { return trimmed(s, 0, 1000) }

// CommentText checks a comment or an announcement: 1 to 2,000 characters.
func CommentText(s string) (text, problem string) { return trimmed(s, 1, 2000) }

func trimmed(s string, least, most int) (text, problem string) {
	text = strings.TrimSpace(s)
	return text, length(text, least, most)
}

func length(s string, least, most int) (problem string) {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		return "must be valid UTF-8"
	case strings.ContainsRune(s, 0):
		return "must not hold a NUL character"
	case n == 0 && least > 0:
		return "must not be empty"
	case n < least:
		return "must have at least " + strconv.Itoa(least) + " characters"
	case n > most:
		return "must have at most " + strconv.Itoa(most) + " characters"
	}
	return ""
}
