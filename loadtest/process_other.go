//go:build !linux

package loadtest

import (
	"errors"
	"time"
)

// process cannot be had where there is no /proc: openProcess says so.
type process struct{}

func openProcess(int) (*process, error) {
	return nil, errors.New("the memory and processor time of a process can be read on Linux only")
}

func (*process) cpu() (time.Duration, error) { return 0, errors.ErrUnsupported }
func (*process) memory() (int64, error)      { return 0, errors.ErrUnsupported }

func idleTime() (time.Duration, bool) { return 0, false }
