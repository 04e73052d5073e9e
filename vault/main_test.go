package vault_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/vault"
)

// roleVar names the environment variable that makes the test binary act as a
// process that tests kill or starve; see processes_test.go.
const roleVar = "VAULT_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "":
		os.Exit(m.Run())
	case "upload for ever":
		uploadForEver(os.Args[1])
	case "upload without room":
		uploadWithoutRoom(os.Args[1])
	}
}

const chunk = 64 << 10 // bytes of plaintext in one chunk of age

var masterText = strings.Repeat("a master key for tests, ", 2)

func keys(t testing.TB, text string) vault.Keys {
	t.Helper()
	k, err := vault.ParseKeys(text)
	if err != nil {
		t.Fatalf("parse keys: %v", err)
	}
	return k
}

// dirVault is a vault over a directory of its own, and that directory.
func dirVault(t testing.TB, keyText string) (*vault.Vault, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "works")
	return vault.New(openDir(t, path), keys(t, keyText)), path
}

func openDir(t testing.TB, path string) *vault.Dir {
	t.Helper()
	dir, err := vault.OpenDir(path)
	if err != nil {
		t.Fatalf("open directory: %v", err)
	}
	t.Cleanup(func() { dir.Close() })
	return dir
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// noise is size bytes that look like nothing.
func noise(size int, seed uint64) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	p := make([]byte, size)
	r.Read(p)
	return p
}

func seal(t testing.TB, v *vault.Vault, id string, content []byte) gallery.Seal {
	t.Helper()
	sealing, err := v.Seal(t.Context(), id, bytes.NewReader(content))
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	if err := sealing.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	return sealing.Seal
}

// openAll opens a work and reads it to its end.
func openAll(t testing.TB, v *vault.Vault, id string, s gallery.Seal) ([]byte, error) {
	t.Helper()
	content, err := v.Open(t.Context(), id, s)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return io.ReadAll(content)
}

// sealedFile is the path of the one blob with this name below dir.
func sealedFile(t testing.TB, dir, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "?", "?", name))
	if err != nil || len(found) != 1 {
		t.Fatalf("files named %s: got %v, %v, want one", name, found, err)
	}
	return found[0]
}
