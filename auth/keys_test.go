package auth_test

import (
	"strings"
	"testing"

	"invisibleart.example/gallery/auth"
)

func TestParseKeys(t *testing.T) {
	long := strings.Repeat("k", 32)
	for _, test := range []struct {
		name, setting string
		fine          bool
		tells         string // a piece of the error
	}{
		{"one key", long, true, ""},
		{"one key with a comma", long + ",x", true, ""},
		{"one key, any bytes", strings.Repeat("ö ", 12) + "\x01\xff", true, ""},
		{"one key with id", "a:" + long, true, ""},
		{"two keys", "a:" + long + ",b:" + long, true, ""},
		{"a colon in the text", "a:" + long + ":more", true, ""},
		{"an old short key that verifies", "a:" + long + ",old:django", true, ""},
		{"empty", "", false, "is empty"},
		{"31 bytes", long[1:], false, "31 bytes"},
		{"first key short", "a:short,b:" + long, false, "key 1: has 5 bytes"},
		{"second key empty", "a:" + long + ",b:", false, "key 2: is empty"},
		{"second key without id", "a:" + long + "," + long, false, "key 2: must be written id:text"},
		{"trailing comma", "a:" + long + ",", false, "key 2"},
		{"space before the id", "a:" + long + ", b:" + long, true, ""},
		{"same id twice", "a:" + long + ",a:" + long + "x", false, "key 2: its id is taken"},
		{"empty id", ":" + long, false, "key 1"},
		{"odd id", "a/b:" + long, false, "key 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := auth.ParseKeys(test.setting)
			if (err == nil) != test.fine {
				t.Fatalf("got error %v, want fine %v", err, test.fine)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), test.tells) {
				t.Errorf("got error %q, want it to tell %q", err, test.tells)
			}
			if strings.Contains(err.Error(), "kkk") || strings.Contains(err.Error(), "short") {
				t.Errorf("the error %q holds a piece of the key", err)
			}
		})
	}
}
