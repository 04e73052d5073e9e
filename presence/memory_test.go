package presence_test

import (
	"fmt"
	"testing"

	"invisibleart.example/gallery/presence"
	"invisibleart.example/gallery/presence/presencetest"
)

func TestMemory(t *testing.T) {
	presencetest.Exercise(t, func(*testing.T) (a, b presence.Tracker) {
		m := presence.NewMemory()
		return m, m
	})
}

// BenchmarkEnterAndLeave is what one more socket costs before a work with ten
// thousand others.
func BenchmarkEnterAndLeave(b *testing.B) {
	m := presence.NewMemory()
	for i := range 10_000 {
		m.Enter("dusk", fmt.Sprint("visitor ", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Enter("dusk", "diego")()
	}
}
