package gallerytest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"invisibleart.example/gallery/gallerytest/servers"
)

// Binary is the path of cmd/gallery, built without the race detector by the
// first test of the process that asks, and removed by [VerifyMain].
func Binary(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatalf("build cmd/gallery: %v", err)
	}
	return path
}

// build is the one thing that tests of a process share: linking takes seconds,
// and what comes out is the same for all.
var build = sync.OnceValues(func() (string, error) {
	root, err := findRoot()
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "gallerytest-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "gallery.exe") // Windows runs nothing without the ending; others do not mind it
	build := exec.Command("go", "build", "-o", path, "./cmd/gallery")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	built.Store(folder)
	return path, nil
})

// Root is the directory of the module.
func Root(t testing.TB) string {
	t.Helper()
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func findRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// Need finds a program that the test needs; see [servers.Need].
func Need(t testing.TB, program string) string {
	t.Helper()
	return servers.Need(t, program)
}

// Missing skips the test for want of something, or fails it in CI.
func Missing(t testing.TB, what string) {
	t.Helper()
	servers.Missing(t, what)
}
