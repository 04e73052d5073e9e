package vault_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/vault"
)

func TestSealedWorkComesBackAsItWas(t *testing.T) {
	v, _ := dirVault(t, masterText)
	for _, size := range []int{0, 1, 100, chunk - 1, chunk, chunk + 1, 3 * chunk, 3*chunk + 17} {
		id, want := newID(), noise(size, uint64(size))
		s := seal(t, v, id, want)
		if s.Size != int64(size) {
			t.Errorf("size %d: seal says %d", size, s.Size)
		}
		got, err := openAll(t, v, id, s)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("size %d: got %d bytes, error %v, want the work", size, len(got), err)
		}
	}
}

func TestCommitmentIsOfSaltAndContent(t *testing.T) {
	v, _ := dirVault(t, masterText)
	content := noise(2*chunk+5, 1)
	first, second := seal(t, v, newID(), content), seal(t, v, newID(), content)
	for _, s := range []gallery.Seal{first, second} {
		salt, err := hex.DecodeString(s.Salt)
		if err != nil || len(salt) != 16 {
			t.Fatalf("salt %q: want 16 bytes in hex", s.Salt)
		}
		sum := sha256.Sum256(append(salt, content...))
		if want := hex.EncodeToString(sum[:]); s.Commitment != want {
			t.Errorf("commitment: got %s, want %s", s.Commitment, want)
		}
	}
	if first.Salt == second.Salt || bytes.Equal(first.WrappedKey, second.WrappedKey) {
		t.Error("two works share a salt or a wrapped key")
	}
}

func TestNothingIsKeptBeforeCommit(t *testing.T) {
	v, dir := dirVault(t, masterText)
	for _, end := range []string{"abort", "failed content"} {
		id := newID()
		var content io.Reader = bytes.NewReader(noise(3*chunk, 2))
		broken := &gallery.Error{Code: gallery.TooLarge, Message: "too large"}
		if end == "failed content" {
			content = io.MultiReader(content, iotest.ErrReader(broken))
		}
		sealing, err := v.Seal(t.Context(), id, content)
		if end == "failed content" {
			if !errors.Is(err, broken) || gallery.CodeOf(err) != gallery.TooLarge {
				t.Errorf("%s: got error %v, want that of the content", end, err)
			}
		} else {
			if err != nil {
				t.Fatalf("seal: %v", err)
			}
			if _, err := v.Open(t.Context(), id, sealing.Seal); err == nil {
				t.Errorf("%s: the work opens before its commit", end)
			}
			if err := sealing.Abort(); err != nil {
				t.Errorf("abort: %v", err)
			}
		}
		if left := files(t, dir); len(left) > 0 {
			t.Errorf("%s: left behind: %v", end, left)
		}
	}
}

func TestSealEndsWithItsContext(t *testing.T) {
	v, dir := dirVault(t, masterText)
	ctx, cancel := context.WithCancel(t.Context())
	endless := readerFunc(func(p []byte) (int, error) { cancel(); clear(p); return len(p), nil })
	if _, err := v.Seal(ctx, newID(), endless); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestRangesEqualThePlaintext reads a sealed work in every way a Range request
// can ask for it, and compares with the plaintext.
func TestRangesEqualThePlaintext(t *testing.T) {
	v, _ := dirVault(t, masterText)
	works := map[int]*vault.Content{}
	plain := map[int][]byte{}
	sizes := []int{1, chunk, 2*chunk + 1000}
	for _, size := range sizes {
		id := newID()
		plain[size] = noise(size, uint64(size))
		content, err := v.Open(t.Context(), id, seal(t, v, id, plain[size]))
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		defer content.Close()
		works[size] = content
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom(sizes).Draw(t, "size")
		content, reference := works[size], bytes.NewReader(plain[size])
		content.Seek(0, io.SeekStart)
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			offset := rapid.Int64Range(-int64(size)-2, int64(size)+2).Draw(t, "offset")
			buf := make([]byte, rapid.IntRange(0, size+2).Draw(t, "length"))
			if rapid.Bool().Draw(t, "read at") {
				offset = max(offset, 0)
				want := make([]byte, len(buf))
				wantN, wantErr := reference.ReadAt(want, offset)
				n, err := content.ReadAt(buf, offset)
				// Both nil and EOF are right for what ends where the content does.
				if n != wantN || !bytes.Equal(buf[:n], want[:n]) || err != nil && err != io.EOF || n < len(buf) && err == nil {
					t.Fatalf("ReadAt(%d bytes, %d): got %d, %v, want %d, %v", len(buf), offset, n, err, wantN, wantErr)
				}
				continue
			}
			whence := rapid.IntRange(io.SeekStart, io.SeekEnd).Draw(t, "whence")
			wantAt, wantErr := reference.Seek(offset, whence)
			at, err := content.Seek(offset, whence)
			if at != wantAt || (err == nil) != (wantErr == nil) {
				t.Fatalf("Seek(%d, %d): got %d, %v, want %d, %v", offset, whence, at, err, wantAt, wantErr)
			}
			n, err := io.ReadFull(content, buf)
			want := make([]byte, len(buf))
			wantN, wantErr := io.ReadFull(reference, want)
			if n != wantN || err != wantErr || !bytes.Equal(buf[:n], want[:n]) {
				t.Fatalf("read %d bytes at %d: got %d, %v, want %d, %v", len(buf), at, n, err, wantN, wantErr)
			}
		}
	})
}

func TestManyReadersOfOneContent(t *testing.T) {
	v, _ := dirVault(t, masterText)
	id, plain := newID(), noise(5*chunk+99, 3)
	content, err := v.Open(t.Context(), id, seal(t, v, id, plain))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer content.Close()
	var all sync.WaitGroup
	for reader := range 8 {
		all.Go(func() {
			for i := range 40 {
				off := (reader*7919 + i*32749) % (len(plain) - 5000)
				p := make([]byte, 5000)
				if n, err := content.ReadAt(p, int64(off)); n != len(p) || !bytes.Equal(p, plain[off:off+5000]) {
					t.Errorf("read at %d: got %d bytes, error %v, want the plaintext's", off, n, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestManyWorksAtOnce(t *testing.T) {
	v, _ := dirVault(t, masterText)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			id, plain := newID(), noise(chunk+i, uint64(i))
			sealing, err := v.Seal(t.Context(), id, bytes.NewReader(plain))
			if err != nil {
				t.Errorf("seal: %v", err)
				return
			}
			if err := sealing.Commit(); err != nil {
				t.Errorf("commit: %v", err)
			}
			if got, err := openAll(t, v, id, sealing.Seal); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("work %d: got %d bytes, error %v, want the work", i, len(got), err)
			}
		})
	}
	all.Wait()
}

func TestPlaceholder(t *testing.T) {
	v, _ := dirVault(t, masterText)
	id := newID()
	if _, err := v.OpenPlaceholder(t.Context(), id); gallery.CodeOf(err) != gallery.NotFound {
		t.Errorf("without one: got %v, want %s", err, gallery.NotFound)
	}
	for _, picture := range []string{"a first picture", "a second"} {
		if err := v.PutPlaceholder(t.Context(), id, bytes.NewReader([]byte(picture))); err != nil {
			t.Fatalf("put: %v", err)
		}
		content, err := v.OpenPlaceholder(t.Context(), id)
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		got, err := io.ReadAll(content)
		if content.Close(); err != nil || string(got) != picture || content.Size() != int64(len(picture)) {
			t.Errorf("got %q (size %d), error %v, want %q", got, content.Size(), err, picture)
		}
	}
	broken := gallery.Errorf(gallery.TooLarge, "too large")
	err := v.PutPlaceholder(t.Context(), newID(), iotest.ErrReader(broken))
	if gallery.CodeOf(err) != gallery.TooLarge {
		t.Errorf("broken picture: got %v, want %s", err, gallery.TooLarge)
	}
}

func TestRemoveTakesWorkAndPlaceholder(t *testing.T) {
	v, dir := dirVault(t, masterText)
	id := newID()
	s := seal(t, v, id, []byte("a work"))
	if err := v.PutPlaceholder(t.Context(), id, bytes.NewReader([]byte("a picture"))); err != nil {
		t.Fatalf("put: %v", err)
	}
	for _, times := range []string{"first", "second"} {
		if err := v.Remove(t.Context(), id); err != nil {
			t.Errorf("%s removal: %v", times, err)
		}
	}
	if _, err := v.Open(t.Context(), id, s); gallery.CodeOf(err) != gallery.Internal {
		t.Errorf("open a removed work: got %v, want %s", err, gallery.Internal)
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOddIDsReachNoFile(t *testing.T) {
	v, dir := dirVault(t, masterText)
	for _, id := range []string{"", "..", "../../etc/passwd", "0190A000-0000-7000-8000-000000000000", "x"} {
		if _, err := v.Seal(t.Context(), id, bytes.NewReader([]byte("x"))); err == nil {
			t.Errorf("seal %q: got nil, want an error", id)
		}
		if _, err := v.Open(t.Context(), id, gallery.Seal{}); err == nil {
			t.Errorf("open %q: got nil, want an error", id)
		}
		if err := v.PutPlaceholder(t.Context(), id, bytes.NewReader(nil)); err == nil {
			t.Errorf("put the placeholder of %q: got nil, want an error", id)
		}
		if _, err := v.OpenPlaceholder(t.Context(), id); err == nil {
			t.Errorf("open the placeholder of %q: got nil, want an error", id)
		}
		if err := v.Remove(t.Context(), id); err == nil {
			t.Errorf("remove %q: got nil, want an error", id)
		}
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
