package vault_test

import (
	"bytes"
	"io"
	"testing"
)

func BenchmarkSeal(b *testing.B) {
	v, _ := dirVault(b, masterText)
	content := noise(16<<20, 1)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		sealing, err := v.Seal(b.Context(), newID(), bytes.NewReader(content))
		if err != nil {
			b.Fatal(err)
		}
		if err := sealing.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenAndRead(b *testing.B) {
	v, _ := dirVault(b, masterText)
	id, content := newID(), noise(16<<20, 1)
	s := seal(b, v, id, content)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		opened, err := v.Open(b.Context(), id, s)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, opened); n != s.Size || err != nil {
			b.Fatal(n, err)
		}
		opened.Close()
	}
}

// BenchmarkOpen is what every request for content costs before its first byte.
func BenchmarkOpen(b *testing.B) {
	v, _ := dirVault(b, masterText)
	id := newID()
	s := seal(b, v, id, noise(1<<20, 1))
	for b.Loop() {
		opened, err := v.Open(b.Context(), id, s)
		if err != nil {
			b.Fatal(err)
		}
		opened.Close()
	}
}

func BenchmarkInspect(b *testing.B) {
	text := bytes.Repeat([]byte("Ein Gedicht über Bäume, und Käfer.\n"), 30_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, _, err := inspect(bytes.NewReader(text), 0); err != nil {
			b.Fatal(err)
		}
	}
}
