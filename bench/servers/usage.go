package servers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// CPU is the processor time that processes and their descendants have taken so
// far, user and system: the first number of /proc/PID/task/TID/schedstat, in
// ns, over all threads. The kernel's part of sending over the loopback happens
// inside write() and is in it. Threads that have ended are not, which is why
// only differences over a time in which none ends mean something; Go's do not.
func CPU(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range family(pids) {
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			continue // a descendant that has just ended
		}
		for _, task := range tasks {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, task.Name()))
			if err != nil {
				continue
			}
			run, _, _ := strings.Cut(string(text), " ")
			ns, err := strconv.ParseInt(run, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read the schedstat of %d: %w", pid, err)
			}
			sum += time.Duration(ns)
		}
	}
	return sum, nil
}

// Memory is the proportional set size of processes and their descendants in
// bytes: Pss of /proc/PID/smaps_rollup. It is user-space memory; what the kernel
// keeps for sockets is not in it.
func Memory(pids []int) (int64, error) {
	var sum int64
	for _, pid := range family(pids) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			if rest, found := strings.CutPrefix(line, "Pss:"); found {
				kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
				if err != nil {
					return 0, fmt.Errorf("read the memory of %d: %w", pid, err)
				}
				sum += kb << 10
			}
		}
	}
	return sum, nil
}

// family adds everything that processes have started.
func family(pids []int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is sound
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// The name, in brackets, may hold anything.
		_, after, found := bytes.Cut(text[bytes.LastIndexByte(text, ')')+1:], []byte(" "))
		fields := strings.Fields(string(after))
		if !found || len(fields) < 2 {
			continue
		}
		pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], pid)
	}
	all := append([]int(nil), pids...)
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}
