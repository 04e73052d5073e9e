//go:build unix

package vault

import "os"

// syncDirectory makes the entries of an open directory durable.
func syncDirectory(dir *os.File) error { return dir.Sync() }
