package gallery_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"invisibleart.example/gallery"
)

func TestError(t *testing.T) {
	err := error(&gallery.Error{
		Code: gallery.Invalid, Message: "Not all of it is valid.",
		Fields: []gallery.FieldError{{Location: "title", Message: "must not be empty"}},
		Err:    io.ErrUnexpectedEOF,
	})
	wrapped := fmt.Errorf("hang artwork: %w", err)
	if got, want := wrapped.Error(), "hang artwork: Not all of it is valid.; title: must not be empty: unexpected EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(wrapped, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestCodeOf(t *testing.T) {
	inner := gallery.Errorf(gallery.NotFound, "No artwork %q.", "x")
	for _, test := range []struct {
		name string
		err  error
		want gallery.Code
	}{
		{"nil", nil, ""},
		{"unknown", io.EOF, gallery.Internal},
		{"direct", inner, gallery.NotFound},
		{"wrapped", fmt.Errorf("look: %w", inner), gallery.NotFound},
		{"joined", errors.Join(io.EOF, inner), gallery.NotFound},
		{"the outermost counts", &gallery.Error{Code: gallery.Unauthorized, Err: inner}, gallery.Unauthorized},
		{"a field", gallery.InvalidField("bio", "must have at most %d characters", 1000), gallery.Invalid},
	} {
		if got := gallery.CodeOf(test.err); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestSentences(t *testing.T) {
	for got, want := range map[string]string{
		gallery.CommentSentence("Dusk"):            `New comment on your artwork "Dusk"`,
		gallery.MilestoneSentence("Dusk", 5000):    `Your artwork "Dusk" has reached 5000 views!`,
		gallery.RevealSentence(`Say "when" <b>%s`): `Your artwork "Say "when" <b>%s" has been revealed!`,
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := gallery.InvalidField("bio", "%d%%", 5).Error(); !strings.HasSuffix(got, "bio: 5%") {
		t.Errorf("got %q, want it to end in bio: 5%%", got)
	}
}
