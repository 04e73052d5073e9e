//go:build unix

package loadtest

import (
	"os"

	"golang.org/x/sys/unix"
)

// fileLimit returns the limits on open files of this process, and a way to
// raise the soft one.
func fileLimit() (soft, hard uint64, raise func(uint64) error, err error) {
	var limit unix.Rlimit
	if err = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, 0, nil, err
	}
	raise = func(files uint64) error {
		raised := limit
		assign(&raised.Cur, files)
		return unix.Setrlimit(unix.RLIMIT_NOFILE, &raised)
	}
	return uint64(limit.Cur), uint64(limit.Max), raise, nil
}

// openFiles is how many files this process has open, as far as that can be
// found out.
func openFiles() int {
	for _, folder := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(folder); err == nil {
			return len(entries)
		}
	}
	return 3
}

// assign writes a limit, whose type differs between systems.
func assign[T int64 | uint64](to *T, files uint64) { *to = T(files) }
