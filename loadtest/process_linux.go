package loadtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// process reads what the kernel knows of a process.
type process struct{ folder string }

// openProcess finds a process whose numbers this user may read.
func openProcess(pid int) (*process, error) {
	p := &process{filepath.Join("/proc", strconv.Itoa(pid))}
	if _, err := p.cpu(); err != nil {
		return nil, fmt.Errorf("read the processor time of process %d: %w", pid, err)
	}
	if _, err := p.memory(); err != nil {
		return nil, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	return p, nil
}

// cpu is the processor time of all its threads: the first number of schedstat,
// in ns, where /proc/PID/stat counts in hundredths of a second.
func (p *process) cpu() (total time.Duration, err error) {
	threads, err := os.ReadDir(filepath.Join(p.folder, "task"))
	if err != nil {
		return 0, err
	}
	for _, thread := range threads {
		text, err := os.ReadFile(filepath.Join(p.folder, "task", thread.Name(), "schedstat"))
		if os.IsNotExist(err) {
			continue // it ended just now
		}
		if err != nil {
			return 0, err
		}
		first, _, _ := bytes.Cut(text, []byte(" "))
		ns, err := strconv.ParseInt(string(first), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("schedstat says %.40q", text)
		}
		total += time.Duration(ns)
	}
	return total, nil
}

// memory is its proportional set size in bytes: what it holds alone, and its
// share of what it holds with others.
func (p *process) memory() (int64, error) {
	text, err := os.ReadFile(filepath.Join(p.folder, "smaps_rollup"))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if number, found := bytes.CutPrefix(line, []byte("Pss:")); found {
			var kib int64
			_, err := fmt.Sscan(string(number), &kib)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("smaps_rollup has no Pss")
}

// idleTime is how long all processors of the machine together had nothing to do
// since its start, in whole hundredths of a second.
func idleTime() (time.Duration, bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	var name string
	var user, nice, system, idle, wait int64
	if _, err := fmt.Sscan(string(text), &name, &user, &nice, &system, &idle, &wait); err != nil {
		return 0, false
	}
	return time.Duration(idle+wait) * 10 * time.Millisecond, true
}
