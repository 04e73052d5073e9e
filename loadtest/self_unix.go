//go:build unix

package loadtest

import (
	"time"

	"golang.org/x/sys/unix"
)

// ownCPU is the processor time that this process has used.
func ownCPU() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
