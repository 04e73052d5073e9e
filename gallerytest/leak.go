package gallerytest

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
)

// leakPatience is how long goroutines get to end by themselves after the last
// test. It is long because a machine with few cores may be busy with other
// packages; a run without leaks never waits for it.
const leakPatience = 10 * time.Second

// VerifyMain runs the tests of a package and fails the package when goroutines
// are left over afterwards. Call it as the whole body of TestMain: it does not
// return.
func VerifyMain(m *testing.M) { os.Exit(Verified{m}.Run()) }

// Verified is a test run with the check for left-over goroutines behind it, for
// a TestMain that hands its tests on to somebody else, such as testscript.Main.
type Verified struct{ M *testing.M }

// built is the folder of the program that [Binary] built in this process.
var built atomic.Value

// Run runs the tests and returns the exit status: that of the tests, or 1 when
// they passed and left goroutines behind.
func (v Verified) Run() int {
	status := v.M.Run()
	if folder, ok := built.Load().(string); ok {
		os.RemoveAll(folder)
	}
	servers.Stop()
	if status != 0 {
		// A failed test may well have left things open; its own message is the
		// one to read.
		return status
	}
	if left := Leaks(leakPatience); len(left) > 0 {
		fmt.Fprintf(os.Stderr, "gallerytest: %d goroutines are left after the tests:\n\n%s\n",
			len(left), strings.Join(left, "\n\n"))
		return 1
	}
	return 0
}

// Leaks waits until no goroutine but the caller's and those of the runtime and
// the testing package is left, and returns the stacks of what is still there
// after patience has passed, nil when nothing is.
func Leaks(patience time.Duration) []string {
	deadline := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		// Idle connections of the shared client hold two goroutines each and
		// belong to nobody.
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		left := unexpected(stacks())
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(pause)
	}
}

// stacks returns the stacks of all goroutines, the caller's first.
func stacks() []string {
	for size := 1 << 20; ; size *= 2 {
		text := make([]byte, size)
		if n := runtime.Stack(text, true); n < size {
			return strings.Split(strings.TrimSpace(string(text[:n])), "\n\n")
		}
	}
}

// expected are functions that stand in stacks which do not belong to a test:
// the testing package waiting for its tests, and the runtime's watchers that
// start once and never end.
var expected = []string{
	"testing.(*M).Run(",
	"testing.(*T).Run(",
	"testing.(*T).Parallel(", // waits for its turn
	"testing.runFuzzing(",
	"testing.runFuzzTests(",
	"os/signal.signal_recv(",
	"os/signal.loop(",
	"runtime.ensureSigM",
	"runtime.ReadTrace(",
}

func unexpected(all []string) []string {
	var left []string
next:
	for _, stack := range all[1:] { // all[0] is the caller
		for _, function := range expected {
			if strings.Contains(stack, function) {
				continue next
			}
		}
		left = append(left, stack)
	}
	return left
}
