package node

import (
	"fmt"
	"os"
	"path/filepath"
)

// dir is the path of a data directory, which only its owner may enter.
type dir string

// openDir makes the directory, with its parents, where it is missing. An
// existing one is used as it is: its mode is its owner's decision, and each
// secret inside has a mode of its own.
func openDir(path string) (dir, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the data directory %s: %w", path, err)
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return "", fmt.Errorf("make the data directory: %w", err)
	}
	return dir(absolute), nil
}

// takeDir opens the data directory of a node where it needs one, and its lock
// where rows or works lie in it. A node whose rows and works are elsewhere at
// most looks for its keys there: many may do that side by side.
func takeDir(c Config, onClose func(func() error)) (dir, error) {
	if !c.usesData() {
		if c.JWTKey != "" && c.MasterKey != "" {
			return "", nil
		}
		path, err := filepath.Abs(c.Data)
		return dir(path), err
	}
	d, err := openDir(c.Data)
	if err != nil {
		return "", err
	}
	lock, err := d.lock()
	if err != nil {
		return "", err
	}
	onClose(lock.Close)
	return d, nil
}

func (d dir) database() string  { return filepath.Join(string(d), "gallery.db") }
func (d dir) works() string     { return filepath.Join(string(d), "works") }
func (d dir) lockFile() string  { return filepath.Join(string(d), "lock") }
func (d dir) jwtKey() string    { return filepath.Join(string(d), "jwt.key") }
func (d dir) masterKey() string { return filepath.Join(string(d), "master.key") }

// lock takes the directory for this process until the file is closed, or fails
// at once when another process has it. The system lets go of it when a process
// dies, so there is never a stale lock to remove by hand.
func (d dir) lock() (*os.File, error) {
	f, err := os.OpenFile(d.lockFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	taken, err := lockFile(f)
	if err == nil && taken {
		return f, nil
	}
	f.Close()
	if err != nil {
		return nil, fmt.Errorf("lock the data directory %s: %w", d, err)
	}
	return nil, fmt.Errorf("the data directory %s is in use by another gallery", d)
}
