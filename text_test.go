package gallery_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"invisibleart.example/gallery"
)

func TestTexts(t *testing.T) {
	x := func(n int) string { return strings.Repeat("ä", n) }
	for _, test := range []struct {
		name  string
		rule  func(string) (string, string)
		text  string
		want  string // the stored text, when accepted
		wrong string // a piece of the problem, when refused
	}{
		{"username", gallery.UsernameText, " ada.b@c+d-e_1 ", "ada.b@c+d-e_1", ""},
		{"username, letters of the world", gallery.UsernameText, "Åsa名前", "Åsa名前", ""},
		{"username, 150", gallery.UsernameText, x(150), x(150), ""},
		{"username, 151", gallery.UsernameText, x(151), "", "at most 150"},
		{"username empty", gallery.UsernameText, "  ", "", "not be empty"},
		{"username, space", gallery.UsernameText, "a b", "", "only letters"},
		{"username, markup", gallery.UsernameText, "<b>", "", "only letters"},
		{"username, line break", gallery.UsernameText, "a\nb", "", "only letters"},
		{"e-mail", gallery.EmailText, " ada@example.org ", "ada@example.org", ""},
		{"e-mail, no @", gallery.EmailText, "ada.example.org", "", "e-mail"},
		{"e-mail, no name", gallery.EmailText, "@example.org", "", "e-mail"},
		{"e-mail, no domain", gallery.EmailText, "ada@", "", "e-mail"},
		{"e-mail, two @", gallery.EmailText, "a@b@c", "", "e-mail"},
		{"e-mail, space", gallery.EmailText, "a b@c", "", "e-mail"},
		{"e-mail, header", gallery.EmailText, "a@b\r\nBcc: c@d", "", "e-mail"},
		{"e-mail, line break", gallery.EmailText, "a\nb@c", "", "e-mail"},
		{"e-mail, 255 bytes", gallery.EmailText, x(126) + "@bc", "", "e-mail"},
		{"password", gallery.PasswordText, " 8 chars ", " 8 chars ", ""},
		{"password, 7", gallery.PasswordText, "1234567", "", "at least 8"},
		{"password, 256", gallery.PasswordText, x(256), x(256), ""},
		{"password, 257", gallery.PasswordText, x(257), "", "at most 256"},
		{"password, NUL", gallery.PasswordText, "12345678\x00", "", "NUL"},
		{"title", gallery.TitleText, "\tUntitled\n", "Untitled", ""},
		{"title of lines", gallery.TitleText, " Dusk\r\n\tover the bay ", "Dusk\r\n\tover the bay", ""},
		{"title, 255", gallery.TitleText, x(255), x(255), ""},
		{"title, 256", gallery.TitleText, x(256), "", "at most 255"},
		{"title empty", gallery.TitleText, "", "", "not be empty"},
		{"title, not UTF-8", gallery.TitleText, "a\xff", "", "UTF-8"},
		{"title as typed", gallery.TitleText, `<script>"&`, `<script>"&`, ""},
		{"description empty", gallery.DescriptionText, "", "", ""},
		{"description of lines", gallery.DescriptionText, "a\n\nb", "a\n\nb", ""},
		{"description, 5,001", gallery.DescriptionText, x(5001), "", "at most 5000"},
		{"bio, 1,001", gallery.BioText, x(1001), "", "at most 1000"},
		{"comment", gallery.CommentText, " a\nb ", "a\nb", ""},
		{"comment, 2,000", gallery.CommentText, x(2000), x(2000), ""},
		{"comment, 2,001", gallery.CommentText, x(2001), "", "at most 2000"},
		{"comment, spaces", gallery.CommentText, "\u00a0\u2003\n", "", "not be empty"},
		{"comment, NUL", gallery.CommentText, "a\x00b", "", "NUL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, problem := test.rule(test.text)
			if test.wrong == "" {
				if got != test.want || problem != "" {
					t.Errorf("got %q, %q, want %q accepted", got, problem, test.want)
				}
			} else if !strings.Contains(problem, test.wrong) {
				t.Errorf("got %q, want it refused with %q", problem, test.wrong)
			}
		})
	}
}

// A text that was stored is accepted as it is when it comes back.
func TestTexts_storedTextIsStable(t *testing.T) {
	rules := map[string]func(string) (string, string){
		"username": gallery.UsernameText, "e-mail": gallery.EmailText, "password": gallery.PasswordText,
		"title": gallery.TitleText, "description": gallery.DescriptionText, "comment": gallery.CommentText,
	}
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.String().Draw(t, "typed")
		for name, rule := range rules {
			stored, problem := rule(typed)
			if problem != "" {
				continue
			}
			if again, problem := rule(stored); again != stored || problem != "" {
				t.Fatalf("%s: stored %q, came back as %q with %q", name, stored, again, problem)
			}
		}
	})
}
