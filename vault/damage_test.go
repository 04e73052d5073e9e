package vault_test

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/vault"
)

// wantRefused opens and reads a work that must not open: some prefix of the
// truth may come out before the error, a wrong byte or a happy end may not.
func wantRefused(t *testing.T, v *vault.Vault, id string, s gallery.Seal, plain []byte, what string) {
	t.Helper()
	got, err := openAll(t, v, id, s)
	if code := gallery.CodeOf(err); code != gallery.Internal {
		t.Errorf("%s: got %d bytes, error %v (%s), want an error that is %s", what, len(got), err, code, gallery.Internal)
	}
	if !bytes.HasPrefix(plain, got) {
		t.Errorf("%s: got bytes that are not the work's", what)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func writeFile(t *testing.T, path string, p []byte) {
	t.Helper()
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// headerLen is where the payload begins: behind the MAC's line and the nonce.
func headerLen(t *testing.T, sealed []byte) int {
	t.Helper()
	mac := bytes.Index(sealed, []byte("\n--- "))
	if mac < 0 {
		t.Fatalf("no age header in %.80q", sealed)
	}
	return mac + 1 + bytes.IndexByte(sealed[mac+1:], '\n') + 1 + 16
}

func TestTruncatedWorks(t *testing.T) {
	v, dir := dirVault(t, masterText)
	for _, size := range []int{0, 40, chunk, 3*chunk + 500, 4 * chunk} {
		id, plain := newID(), noise(size, uint64(size))
		s := seal(t, v, id, plain)
		path := sealedFile(t, dir, id)
		sealed := readFile(t, path)
		header := headerLen(t, sealed)
		lengths := map[int]bool{len(sealed) - 1: true, len(sealed) - 16: true, len(sealed) - 17: true}
		for n := range header + 40 {
			lengths[n] = true
		}
		for border := header; border <= len(sealed); border += chunk + 16 {
			for n := border - 20; n <= border+20; n++ {
				lengths[n] = true
			}
		}
		tried := 0
		for n := range lengths {
			if n < 0 || n >= len(sealed) {
				continue
			}
			writeFile(t, path, sealed[:n])
			wantRefused(t, v, id, s, plain, "cut to "+strconv.Itoa(n)+" of "+strconv.Itoa(len(sealed)))
			tried++
		}
		if tried < header {
			t.Errorf("size %d: only %d lengths were tried", size, tried)
		}
		writeFile(t, path, sealed)
		if got, err := openAll(t, v, id, s); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("size %d, whole again: got %d bytes, error %v, want the work", size, len(got), err)
		}
	}
}

// TestTruncationIsToldAtOnce: a cut work must not begin to be served.
func TestTruncationIsToldAtOnce(t *testing.T) {
	v, dir := dirVault(t, masterText)
	id, plain := newID(), noise(3*chunk, 9)
	s := seal(t, v, id, plain)
	path := sealedFile(t, dir, id)
	sealed := readFile(t, path)
	for _, what := range []struct {
		name   string
		sealed []byte
	}{
		{"last chunk cut off", sealed[:len(sealed)-chunk-16]},
		{"last byte cut off", sealed[:len(sealed)-1]},
		{"a byte appended", append(bytes.Clone(sealed), 0)},
		{"first chunk damaged", flipped(sealed, headerLen(t, sealed)+100, 1)},
		{"last chunk damaged", flipped(sealed, len(sealed)-chunk, 1)},
	} {
		writeFile(t, path, what.sealed)
		content, err := v.Open(t.Context(), id, s)
		if err == nil {
			content.Close()
			t.Errorf("%s: Open returned nil, want an error", what.name)
		}
	}
}

func flipped(p []byte, at int, mask byte) []byte {
	p = bytes.Clone(p)
	p[at] ^= mask
	return p
}

func TestFlippedBytes(t *testing.T) {
	v, dir := dirVault(t, masterText)
	for _, size := range []int{0, 300, 2*chunk + 300} {
		id, plain := newID(), noise(size, uint64(size))
		s := seal(t, v, id, plain)
		path := sealedFile(t, dir, id)
		sealed := readFile(t, path)
		step := 1
		if size > 1000 {
			step = 97 // every byte of the header, and a sample of the rest
		}
		for at := 0; at < len(sealed); at++ {
			if at > headerLen(t, sealed) && at%step != 0 && len(sealed)-at > 20 {
				continue
			}
			for _, mask := range []byte{0x01, 0x20, 0xff} {
				writeFile(t, path, flipped(sealed, at, mask))
				wantRefused(t, v, id, s, plain, "byte "+strconv.Itoa(at)+" of "+strconv.Itoa(len(sealed))+" changed")
				if size > 1000 {
					break
				}
			}
		}
	}
}

func TestDamageInTheMiddleIsToldWhenRead(t *testing.T) {
	v, dir := dirVault(t, masterText)
	id, plain := newID(), noise(5*chunk, 4)
	s := seal(t, v, id, plain)
	path := sealedFile(t, dir, id)
	sealed := readFile(t, path)
	writeFile(t, path, flipped(sealed, headerLen(t, sealed)+2*(chunk+16)+5, 4))
	content, err := v.Open(t.Context(), id, s)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer content.Close()
	got, err := io.ReadAll(content)
	if gallery.CodeOf(err) != gallery.Internal || !bytes.Equal(got, plain[:2*chunk]) {
		t.Errorf("got %d bytes, error %v, want the two good chunks and an error", len(got), err)
	}
	p := make([]byte, 100)
	if n, err := content.ReadAt(p, 4*chunk); n != 100 || !bytes.Equal(p, plain[4*chunk:][:100]) {
		t.Errorf("a good chunk behind: got %d bytes, error %v, want its bytes", n, err)
	}
}

func TestAppendedBytes(t *testing.T) {
	v, dir := dirVault(t, masterText)
	for _, size := range []int{0, 300, chunk, 2 * chunk} {
		id, plain := newID(), noise(size, uint64(size))
		s := seal(t, v, id, plain)
		path := sealedFile(t, dir, id)
		sealed := readFile(t, path)
		for _, tail := range [][]byte{{0}, noise(16, 1), noise(17, 1), noise(chunk+16, 1), sealed, sealed[headerLen(t, sealed):]} {
			writeFile(t, path, append(bytes.Clone(sealed), tail...))
			wantRefused(t, v, id, s, plain, strconv.Itoa(len(tail))+" bytes appended to "+strconv.Itoa(len(sealed)))
		}
	}
}

func TestChunksMayNotChangePlaces(t *testing.T) {
	v, dir := dirVault(t, masterText)
	id, plain := newID(), noise(4*chunk, 6)
	s := seal(t, v, id, plain)
	path := sealedFile(t, dir, id)
	sealed := readFile(t, path)
	begin, encrypted := headerLen(t, sealed), chunk+16
	swapped := bytes.Clone(sealed)
	copy(swapped[begin+encrypted:], sealed[begin+2*encrypted:begin+3*encrypted])
	copy(swapped[begin+2*encrypted:], sealed[begin+encrypted:begin+2*encrypted])
	writeFile(t, path, swapped)
	wantRefused(t, v, id, s, plain, "two chunks exchanged")
}

func TestExchangedWorks(t *testing.T) {
	v, dir := dirVault(t, masterText)
	idA, idB := newID(), newID()
	plainA, plainB := noise(chunk+10, 1), noise(chunk+10, 2)
	sealA, sealB := seal(t, v, idA, plainA), seal(t, v, idB, plainB)

	wantRefused(t, v, idA, sealB, plainA, "the seal of another row")
	mixed := sealA
	mixed.WrappedKey = sealB.WrappedKey
	wantRefused(t, v, idA, mixed, plainA, "the wrapped key of another row")

	pathA, pathB := sealedFile(t, dir, idA), sealedFile(t, dir, idB)
	fileA, fileB := readFile(t, pathA), readFile(t, pathB)
	writeFile(t, pathA, fileB)
	writeFile(t, pathB, fileA)
	wantRefused(t, v, idA, sealA, plainA, "the file of another work")
	wantRefused(t, v, idB, sealB, plainB, "the file of another work")
	// File and seal of the other work together are still not this work.
	wantRefused(t, v, idA, sealB, plainA, "file and seal of another work")

	if err := os.Remove(pathA); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, v, idA, sealA, plainA, "no file at all")
}

func TestWrongSeals(t *testing.T) {
	v, _ := dirVault(t, masterText)
	id, plain := newID(), noise(1000, 1)
	s := seal(t, v, id, plain)
	change := func(f func(s *gallery.Seal)) gallery.Seal {
		changed := s
		changed.WrappedKey = bytes.Clone(s.WrappedKey)
		f(&changed)
		return changed
	}
	for at := range s.WrappedKey {
		wantRefused(t, v, id, change(func(s *gallery.Seal) { s.WrappedKey[at] ^= 1 }), plain, "wrapped key, byte "+strconv.Itoa(at))
	}
	wantRefused(t, v, id, change(func(s *gallery.Seal) { s.WrappedKey = nil }), plain, "no wrapped key")
	wantRefused(t, v, id, change(func(s *gallery.Seal) { s.WrappedKey = s.WrappedKey[:20] }), plain, "short wrapped key")
	wantRefused(t, v, id, change(func(s *gallery.Seal) { s.KeyID = "other" }), plain, "another key id")
	wantRefused(t, v, id, change(func(s *gallery.Seal) { s.Size++ }), plain, "another size")
	wantRefused(t, v, id, gallery.Seal{}, plain, "no seal")
}

func TestWrongMasterKeys(t *testing.T) {
	long, other := strings.Repeat("k", 40), strings.Repeat("o", 40)
	v, dir := dirVault(t, "2026:"+long)
	id, plain := newID(), noise(1000, 1)
	s := seal(t, v, id, plain)
	for _, test := range []struct{ name, keys, says string }{
		{"missing", other, `"2026" is not among`},
		{"wrong text", "2026:" + other, "text has changed"},
		{"renamed", "2027:" + long, `"2026" is not among`},
	} {
		v := vault.New(openDir(t, dir), keys(t, test.keys))
		wantRefused(t, v, id, s, plain, test.name)
		if _, err := v.Open(t.Context(), id, s); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got error %v, want one that says %s", test.name, err, test.says)
		} else if strings.Contains(err.Error(), long) || strings.Contains(err.Error(), other) {
			t.Errorf("%s: the error tells the key: %v", test.name, err)
		}
	}
	none := vault.New(openDir(t, dir), vault.Keys{})
	wantRefused(t, none, id, s, plain, "no keys at all")
	if _, err := none.Seal(t.Context(), newID(), bytes.NewReader(plain)); err == nil {
		t.Error("sealing without a master key: got nil, want an error")
	}
}
