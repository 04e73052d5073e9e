package vault_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"invisibleart.example/gallery/vault"
)

func TestParseKeys(t *testing.T) {
	a, b := strings.Repeat("a", 32), strings.Repeat("b", 32)
	for _, test := range []struct {
		text string
		ids  []string // nil: refused
	}{
		{"old:" + a, []string{"old"}},
		{"new:" + b + ",old:" + a, []string{"new", "old"}},
		{" new:" + b + " ,\n old:" + a + "\n", []string{"new", "old"}},
		{"x:colons:are:fine:in:the:text:of:it:" + a, []string{"x"}},
		{"", nil},
		{"short", nil},
		{"id:" + a[:31], nil},
		{"old:" + a + ",new:", nil},
		{"old:" + a + ",", nil},
		{"old:" + a + "," + b, nil},
		{b + ",old:" + a, nil}, // the first id forgotten
		{"old:" + a + ",old:" + b, nil},
		{"o d:" + a, nil},
		{strings.Repeat("i", 65) + ":" + a, nil},
	} {
		got, err := vault.ParseKeys(test.text)
		if !slices.Equal(got.IDs(), test.ids) || (err == nil) != (test.ids != nil) {
			t.Errorf("ParseKeys(%q): got ids %v, error %v, want %v", test.text, got.IDs(), err, test.ids)
		}
		if err != nil && (strings.Contains(err.Error(), a) || strings.Contains(err.Error(), b)) {
			t.Errorf("the error tells a key: %v", err)
		}
	}
	unnamed := keys(t, "a passphrase, with a comma and 39 bytes")
	if ids := unnamed.IDs(); len(ids) != 1 || !strings.HasPrefix(ids[0], "#") {
		t.Errorf("a key without an id: got ids %v, want one fingerprint", ids)
	}
}

func TestKeysNeverPrint(t *testing.T) {
	secret := strings.Repeat("s3cret", 6)
	k := keys(t, "one:"+secret)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("keys", "keys", k)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("keys", "keys", k)
	for _, text := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s", k, k, k, k), fmt.Sprintf("one %+v %#v", struct{ k vault.Keys }{k}, &struct{ k vault.Keys }{k}), log.String()} {
		if strings.Contains(text, "s3cret") || !strings.Contains(text, "one") {
			t.Errorf("got %q, want the id and not the text", text)
		}
	}
}

func TestRewrap(t *testing.T) {
	old, fresh := strings.Repeat("old", 12), strings.Repeat("fresh", 8)
	v, dir := dirVault(t, old) // without an id
	id, plain := newID(), noise(chunk+1, 1)
	before := seal(t, v, id, plain)

	rotating := vault.New(openDir(t, dir), keys(t, "b:"+fresh+",a:"+old))
	if got, err := openAll(t, rotating, id, before); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("a key that got an id later: got %d bytes, error %v, want the work", len(got), err)
	}
	after, changed, err := rotating.Rewrap(id, before)
	if err != nil || !changed || after.KeyID != "b" || bytes.Equal(after.WrappedKey, before.WrappedKey) {
		t.Fatalf("rewrap: got %+v, changed %v, error %v, want it under b", after, changed, err)
	}
	if after.Commitment != before.Commitment || after.Salt != before.Salt || after.Size != before.Size {
		t.Errorf("rewrap changed more than the key: %+v, was %+v", after, before)
	}
	if _, changed, err := rotating.Rewrap(id, after); changed || err != nil {
		t.Errorf("rewrap again: got changed %v, error %v, want neither", changed, err)
	}
	if _, _, err := rotating.Rewrap(newID(), before); err == nil {
		t.Error("rewrap for another artwork: got nil, want an error")
	}

	rotated := vault.New(openDir(t, dir), keys(t, "b:"+fresh))
	if got, err := openAll(t, rotated, id, after); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("after the rotation: got %d bytes, error %v, want the work", len(got), err)
	}
	wantRefused(t, rotated, id, before, plain, "the old seal without the old key")
}
