package loadtest

import (
	"time"

	"golang.org/x/sys/windows"
)

// ownCPU is the processor time that this process has used.
func ownCPU() time.Duration {
	var created, ended, kernel, user windows.Filetime
	if windows.GetProcessTimes(windows.CurrentProcess(), &created, &ended, &kernel, &user) != nil {
		return 0
	}
	return time.Duration(ticks(kernel)+ticks(user)) * 100
}

// ticks is a span of time in units of 100 ns.
func ticks(t windows.Filetime) int64 {
	return int64(t.HighDateTime)<<32 | int64(t.LowDateTime)
}
