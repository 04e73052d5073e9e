package django_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/django"
)

// FuzzDecrypt seals any content as Django does and opens it again, read in
// pieces of any size; and opens the content itself as if it were sealed.
func FuzzDecrypt(f *testing.F) {
	f.Add("test-key", []byte("hello"), uint8(0))
	f.Add("", []byte{}, uint8(1))
	f.Add("key", bytes.Repeat([]byte("x"), 64<<10-16), uint8(2))
	f.Add("key", bytes.Repeat([]byte("x"), 64<<10), uint8(1))
	f.Add("key", bytes.Repeat([]byte("x"), 200_001), uint8(0))
	f.Fuzz(func(t *testing.T, key string, content []byte, pieces uint8) {
		open := func(sealed []byte) ([]byte, error) {
			var r io.Reader = bytes.NewReader(sealed)
			switch pieces % 3 {
			case 1:
				r = iotest.HalfReader(r)
			case 2:
				r = iotest.DataErrReader(r)
			}
			plain, err := django.Decrypt(key, r)
			if err != nil {
				return nil, err
			}
			return io.ReadAll(plain)
		}
		if got, err := open(sealed(t, key, content)); err != nil || !bytes.Equal(got, content) {
			t.Errorf("got %d bytes and %v, want the %d that were sealed", len(got), err, len(content))
		}
		// A ciphertext cut short, or any bytes at all: an error or noise, nothing worse.
		if _, err := open(sealed(t, key, content)[:len(content)/16*16+31]); err == nil {
			t.Error("a ciphertext without its end was opened")
		}
		if got, err := open(content); err == nil && len(got) > len(content) {
			t.Errorf("got %d bytes out of %d", len(got), len(content))
		}
	})
}

// sealed is what Django makes of a content.
func sealed(t *testing.T, key string, content []byte) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(key))
	block, err := aes.NewCipher(sum[:])
	check(t, err)
	pad := aes.BlockSize - len(content)%aes.BlockSize
	plain := append(bytes.Clone(content), bytes.Repeat([]byte{byte(pad)}, pad)...)
	iv := bytes.Repeat([]byte{7}, aes.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)
	return append(iv, plain...)
}

// FuzzInstant reads times that anybody may have written into a JSON.
func FuzzInstant(f *testing.F) {
	for _, text := range []string{"2030-01-02T03:04:05Z", "2030-01-02 03:04:05.123456+00", "2030-01-02", "infinity", "0000-00-00", "9999-12-31T23:59:59-23:00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := django.Instant(text, time.UTC)
		if !ok {
			return
		}
		if at.Year() < 1900 || at.Year() > 9999 || at.Location() != time.UTC || at.Nanosecond()%1000 != 0 {
			t.Errorf("%q: got %v, want a time of ours in UTC", text, at)
		}
		again, ok := django.Instant(at.Format(time.RFC3339Nano), time.UTC)
		if !ok || !again.Equal(at) {
			t.Errorf("%q: got %v, and read again %v", text, at, again)
		}
	})
}

// FuzzValue reads the value of a condition.
func FuzzValue(f *testing.F) {
	for _, text := range []string{`{"count": 5}`, `"{\"count\": 5}"`, `{"count": {"a": [1]}}`, `[1]`, `null`, `{"count": 1e400}`, ``} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, problem := django.ValueOf(text)
		if (value == nil) != (problem != "") {
			t.Errorf("%q: got %v and %q, want one of them", text, value, problem)
		}
		for _, v := range value {
			if n, ok := django.WholeNumber(v); ok && n > 1<<53 {
				t.Errorf("%q: got %d, want at most 2⁵³", text, n)
			}
		}
	})
}

// FuzzTexts fits any text to our rules.
func FuzzTexts(f *testing.F) {
	for _, text := range []string{"", "fine", "a\x00b", "\xff", strings.Repeat("é", 3000), strings.Repeat(" ", 3000) + "x", strings.Repeat("x", 254) + "  \x00  y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, rule := range []struct {
			most  int
			check func(string) (string, string)
		}{{255, gallery.TitleText}, {1000, gallery.BioText}, {2000, gallery.CommentText}} {
			fitting, why := django.Fit(text, rule.most, rule.check)
			if again, problem := rule.check(fitting); fitting != "" && (problem != "" || again != fitting) {
				t.Errorf("%q became %q, which is refused: %s", text, fitting, problem)
			}
			if _, problem := rule.check(text); problem == "" && why != "" {
				t.Errorf("%q is fine, and was changed: %s", text, why)
			}
		}
		if name := django.UsernameOf(text); name != "" {
			if _, problem := gallery.UsernameText(name); problem != "" {
				t.Errorf("%q became the username %q, which is refused: %s", text, name, problem)
			}
		}
	})
}
