//go:build !unix

package vault

import "os"

// syncDirectory does nothing: elsewhere a directory cannot be synced, and the
// file system's journal keeps the order of its entries.
func syncDirectory(*os.File) error { return nil }
