package gallerytest_test

import (
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

// onBothSides tells a story of a gallery that keeps everything in its own
// directory, and of one that keeps it in PostgreSQL and Redis. Galleries that
// are started with the same options in one story have the same data.
func onBothSides(t *testing.T, story func(t *testing.T, o gallerytest.Options)) {
	t.Run("alone", func(t *testing.T) { story(t, gallerytest.Options{Data: t.TempDir()}) })
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		story(t, gallerytest.Options{Data: t.TempDir(), Change: gallerytest.Elsewhere(t)})
	})
}

// launchOnBothSides is onBothSides for a story of the real program as the only
// process of its gallery.
func launchOnBothSides(t *testing.T, story func(t *testing.T, p *gallerytest.Process)) {
	t.Run("alone", func(t *testing.T) { story(t, gallerytest.Launch(t)) })
	t.Run("PostgreSQL and Redis", func(t *testing.T) { story(t, gallerytest.Nodes(t, 1).Nodes[0].Process) })
}
