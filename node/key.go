package node

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// keyBytes is how much chance stands in a key made here; as text it is 43
// characters, over the 32 bytes that every key needs.
const keyBytes = 32

// maxKeyFile is far more than a ring of rotated keys takes.
const maxKeyFile = 64 << 10

// readKey reads the key that stands in a file. It returns an error that wraps
// fs.ErrNotExist when there is none, and refuses a file that others may read
// or that holds too little. No error ever quotes the content.
func readKey(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	// Windows keeps permissions elsewhere and reports 0666 for every file.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("the key file %s may be read by others (mode %04o): chmod 600 it, and replace the key if others had access", path, mode)
	}
	if info.Size() > maxKeyFile {
		return "", fmt.Errorf("the key file %s holds %d bytes, which is no key", path, info.Size())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	text := strings.TrimSpace(string(content))
	if len(text) < keyBytes {
		return "", fmt.Errorf("the key file %s holds %d bytes, want at least %d: restore it from a backup", path, len(text), keyBytes)
	}
	return text, nil
}

// makeKey writes a new key unless there is one already, and returns the one
// that stands. Two processes that start at the same time agree on one key: the
// content is complete on disk before the name appears, and a name that exists
// is never replaced.
func makeKey(path string) (string, error) {
	if text, err := readKey(path); !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if err := writeOnce(path, randomKey()+"\n"); err != nil {
		return "", fmt.Errorf("make the key %s: %w", path, err)
	}
	return readKey(path)
}

// randomKey is a key that nobody has had before.
func randomKey() string {
	secret := make([]byte, keyBytes)
	rand.Read(secret) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(secret)
}

// writeOnce makes a file of mode 0600 appear whole, and leaves one that is
// there as it is. File and directory are synced: a key that sealed a work must
// not be lost to a power cut that the work survived.
func writeOnce(path, content string) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(folder)
}

// syncFolder makes new names in a directory durable. Windows has no such call
// and journals names by itself.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
