package gallerytest_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/gallerytest/servers"
)

// TestOperations does what docs/operations.md says, command by command: two
// nodes, a backup and its restoring, new keys.
func TestOperations(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(gallerytest.Root(t), "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := tourBlocks(string(page))
	if err != nil {
		t.Fatalf("docs/operations.md: %v", err)
	}
	bash := gallerytest.Need(t, "bash")
	gallerytest.Need(t, "curl")
	bin := filepath.Dir(gallerytest.Binary(t)) + string(os.PathListSeparator) + servers.PostgreSQLBin(t)
	folder := t.TempDir()
	// The binary is called gallery.exe, for the sake of Windows.
	if err := os.Symlink(gallerytest.Binary(t), filepath.Join(folder, "gallery")); err != nil {
		t.Fatal(err)
	}
	port := func() string { return strconv.Itoa(servers.FreePort(t)) }
	environment := []string{
		"PATH=" + folder + string(os.PathListSeparator) + bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"GALLERY_DATABASE=" + servers.PostgreSQL(t).Database(t),
		"GALLERY_REDIS=" + servers.Redis(t).URL,
		"ONE=" + port(), "TWO=" + port(), "THREE=" + port(),
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	output, err := walkTour(ctx, bash, folder, environment, blocks)
	if err != nil {
		t.Errorf("it failed in the last block named here: %v\n%s", err, output)
		for _, name := range []string{"one", "two", "three"} {
			log, _ := os.ReadFile(filepath.Join(folder, name+".log"))
			t.Logf("%s.log:\n%s", name, log)
		}
	}
}
