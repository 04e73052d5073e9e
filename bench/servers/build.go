package servers

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds the gallery exactly as its users do, and everything of this
// module that is measured beside it. Without a C compiler there is no FloorC,
// which says so itself.
func Build(ctx context.Context, w *Workshop) error {
	bench := filepath.Join(w.Root, "bench")
	steps := []struct {
		dir  string
		args []string
	}{
		{w.Root, []string{"go", "build", "-trimpath", "-o", w.bin("gallery"), "./cmd/gallery"}},
		{bench, []string{"go", "build", "-trimpath", "-o", w.Bin + "/", "./floor", "./hubs/gorilla", "./hubs/coder", "./hubs/gws"}},
	}
	if FloorC.Missing() == "" {
		steps = append(steps, struct {
			dir  string
			args []string
		}{bench, []string{"gcc", "-O2", "-Wall", "-o", w.bin("floor-c"), "floor/c/floor.c"}})
	}
	for _, step := range steps {
		cmd := exec.CommandContext(ctx, step.args[0], step.args[1:]...)
		cmd.Dir = step.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(step.args, " "), err, out)
		}
	}
	return nil
}

// All are the contenders in the order of the tables.
func All() []Contender {
	return []Contender{FloorC, FloorGo, Gallery, GalleryNodes, Nchan, Gws, Gorilla, Coder, Channels}
}
