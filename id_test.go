package gallery_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
)

func TestParseID(t *testing.T) {
	const canonical = "01930000-abcd-7000-8000-00000000000f"
	for name, text := range map[string]string{
		"canonical":    canonical,
		"upper case":   strings.ToUpper(canonical),
		"no hyphens":   strings.ReplaceAll(canonical, "-", ""),
		"braces":       "{" + canonical + "}",
		"a URN":        "urn:uuid:" + canonical,
		"an upper URN": "URN:UUID:" + strings.ToUpper(canonical),
	} {
		if got, ok := gallery.ParseID(text); !ok || got != canonical {
			t.Errorf("%s: got %q, %t, want %q", name, got, ok, canonical)
		}
	}
	for name, text := range map[string]string{
		"nothing":               "",
		"other braces":          "x" + canonical + "x",
		"half of the braces":    "{" + canonical + "x",
		"another URN":           "urn:uuix:" + canonical,
		"a hyphen moved":        "0193000-0abcd-7000-8000-00000000000f",
		"a hyphen for a digit":  "01930000-abcd-7000-8000-0000000000-f",
		"no hexadecimal digit":  "01930000-abcd-7000-8000-00000000000g",
		"one digit too few":     canonical[:35],
		"one digit too many":    canonical + "0",
		"a space":               canonical + " ",
		"a fullwidth digit":     strings.Replace(canonical, "01", "０", 1),
		"braces without hyphen": "{" + strings.ReplaceAll(canonical, "-", "") + "}",
	} {
		if got, ok := gallery.ParseID(text); ok || got != "" {
			t.Errorf("%s: got %q, %t, want none", name, got, ok)
		}
	}
}

// FuzzParseID holds it against another reader of UUIDs.
func FuzzParseID(f *testing.F) {
	f.Add("01930000-abcd-7000-8000-00000000000f")
	f.Add("{01930000-abcd-7000-8000-00000000000f}")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := gallery.ParseID(text)
		if other := uuid.Validate(text) == nil; ok != other {
			t.Fatalf("%q: got %t, want %t", text, ok, other)
		}
		if want, err := uuid.Parse(text); ok && (err != nil || got != want.String()) {
			t.Errorf("%q: got %q, want %q (%v)", text, got, want, err)
		}
	})
}
