package vault_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/vault"
	"invisibleart.example/gallery/vault/blobtest"
)

func TestDir(t *testing.T) {
	blobtest.Exercise(t, func(t *testing.T) vault.Blobs {
		return openDir(t, filepath.Join(t.TempDir(), "works"))
	})
}

// files lists every file below dir.
func files(t testing.TB, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatalf("walk %s: %v", dir, err)
	}
	return paths
}

func TestDirIsForItsOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such modes on Windows")
	}
	v, dir := dirVault(t, masterText)
	id := newID()
	seal(t, v, id, []byte("a work"))
	unfinished, err := v.Seal(t.Context(), newID(), strings.NewReader("another"))
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	defer unfinished.Abort()
	var seen int
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", path, got, want)
		}
		seen++
		return nil
	})
	// The directory, incoming with a part, two levels with the work.
	if err != nil || seen != 6 {
		t.Errorf("walked %d files and directories, error %v, want 6", seen, err)
	}
}

func TestOpenDirRemovesLeftovers(t *testing.T) {
	v, dir := dirVault(t, masterText)
	id := newID()
	s := seal(t, v, id, []byte("a work"))
	abandoned, err := v.Seal(t.Context(), newID(), bytes.NewReader(noise(chunk, 1)))
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	defer abandoned.Abort()
	foreign := filepath.Join(dir, "incoming", "README")
	if err := os.WriteFile(foreign, []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := len(files(t, dir)); got != 3 {
		t.Fatalf("before: %d files, want the work, the part and the foreign one", got)
	}
	again := vault.New(openDir(t, dir), keys(t, masterText))
	if got, want := files(t, dir), []string{sealedFile(t, dir, id), foreign}; len(got) != 2 {
		t.Errorf("after: %v, want %v", got, want)
	}
	if got, err := openAll(t, again, id, s); err != nil || string(got) != "a work" {
		t.Errorf("the committed work: got %q, %v", got, err)
	}
}

func TestDirStaysInside(t *testing.T) {
	v, dir := dirVault(t, masterText)
	id := newID()
	s := seal(t, v, id, []byte("a work"))
	path := sealedFile(t, dir, id)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.Rename(path, outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, path); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if got, err := openAll(t, v, id, s); err == nil {
		t.Errorf("a link out of the directory was followed: got %q", got)
	}
}

func TestOpenDirSaysWhatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.OpenDir(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v, want an error that names %s", err, file)
	}
}

func TestSharedDir(t *testing.T) {
	blobtest.Exercise(t, func(t *testing.T) vault.Blobs {
		return openSharedDir(t, filepath.Join(t.TempDir(), "works"))
	})
}

func openSharedDir(t testing.TB, path string) *vault.Dir {
	t.Helper()
	dir, err := vault.OpenSharedDir(path)
	if err != nil {
		t.Fatalf("open shared directory: %v", err)
	}
	t.Cleanup(func() { dir.Close() })
	return dir
}

// TestSharedDirLeavesUploadsAlone opens a volume while another node uploads, and
// again when that node has been silent for a day.
func TestSharedDirLeavesUploadsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "works")
	one := vault.New(openSharedDir(t, path), keys(t, masterText))
	id, plain := newID(), noise(chunk, 1)
	sealing, err := one.Seal(t.Context(), id, bytes.NewReader(plain))
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	abandoned, err := one.Seal(t.Context(), newID(), bytes.NewReader(plain))
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	defer abandoned.Abort()

	other := vault.New(openSharedDir(t, path), keys(t, masterText))
	if got := len(files(t, path)); got != 2 {
		t.Errorf("another node's start left %d uploads, want both", got)
	}
	if err := sealing.Commit(); err != nil {
		t.Fatalf("commit beside another node: %v", err)
	}
	if got, err := openAll(t, other, id, sealing.Seal); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("the other node: got %d bytes, %v, want the work", len(got), err)
	}

	for _, test := range []struct {
		age  time.Duration
		want int
	}{{23 * time.Hour, 2}, {25 * time.Hour, 1}} {
		for _, part := range files(t, filepath.Join(path, "incoming")) {
			then := time.Now().Add(-test.age)
			if err := os.Chtimes(part, then, then); err != nil {
				t.Fatal(err)
			}
		}
		openSharedDir(t, path)
		if got := len(files(t, path)); got != test.want {
			t.Errorf("%v later: %d files, want %d", test.age, got, test.want)
		}
	}
}
