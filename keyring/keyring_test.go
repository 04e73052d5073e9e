package keyring_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery/keyring"
)

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		name, setting string
		want          []keyring.Entry
		refused       string
	}{
		{"one key", "a text, with a comma", []keyring.Entry{{Text: "a text, with a comma"}}, ""},
		{"one key with space around it", " text ", []keyring.Entry{{Text: " text "}}, ""},
		{"nothing", "", []keyring.Entry{{}}, ""},
		{"a list of one", "new:text", []keyring.Entry{{ID: "new", Text: "text"}}, ""},
		{"a list", "new:te:xt,old.1_a-b:other", []keyring.Entry{{ID: "new", Text: "te:xt"}, {ID: "old.1_a-b", Text: "other"}}, ""},
		{"a list with space between", "new:text, old:other\n", []keyring.Entry{{ID: "new", Text: "text"}, {ID: "old", Text: "other"}}, ""},
		{"an empty text", "new:", []keyring.Entry{{ID: "new"}}, ""},
		{"no id", "new:text,secret", nil, "key 2: must be written id:text"},
		{"an empty id", ":secret", nil, "key 1: must be written id:text"},
		{"an id that is none", "sec ret:secret", nil, "key 1: must be written id:text"},
		{"a long id", strings.Repeat("x", 65) + ":secret", nil, "key 1: must be written id:text"},
		{"the same id twice", "a:secret,a:secret", nil, "key 2: its id is taken"},
		{"an empty place", "a:secret,", nil, "key 2: must be written id:text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := keyring.Split(test.setting)
			if test.refused == "" {
				if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
					t.Errorf("got %v (%v), want %v", got, err, test.want)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.refused) {
				t.Fatalf("got %v, want an error that begins with %q", err, test.refused)
			}
			if strings.Contains(err.Error(), "sec") {
				t.Errorf("the error %q holds a piece of the key", err)
			}
		})
	}
}
