//go:build unix

package vault_test

import (
	"os/signal"
	"syscall"
)

// limitFileSize lets this process write files of so many bytes only.
func limitFileSize(bytes uint64) bool {
	// Without this the signal ends the process before write returns EFBIG.
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: bytes, Max: bytes}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit) == nil
}
