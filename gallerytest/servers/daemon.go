package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server gets to start or to stop. A machine with few
// cores may be busy; whoever is in order never waits for it.
const patience = 30 * time.Second

// daemon is a server as a process of its own, which can end and start again
// where it was. Its verbs are safe for concurrent use.
type daemon struct {
	name string
	dir  string // its data and its log; removed in the end
	path string
	args []string
	user *owner         // nil: whoever runs the tests
	died syscall.Signal // what it gets when the test process dies
	up   func() error   // asks once whether it answers

	mu      sync.Mutex
	process *os.Process
	ended   chan struct{} // closed when the process has ended
}

// owner is the user a daemon runs as.
type owner struct{ uid, gid uint32 }

// start starts the process and waits until it answers.
func (d *daemon) start() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.process != nil {
		select {
		case <-d.ended:
		default:
			return fmt.Errorf("start %s: it runs", d.name)
		}
	}
	log, err := os.OpenFile(d.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", d.name, err)
	}
	defer log.Close()
	cmd := exec.Command(d.path, d.args...)
	cmd.Dir = d.dir
	// A file, not a pipe: nobody has to read it, and it is there after a kill.
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(d.user, d.died)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is in its log
	}()
	d.process, d.ended = cmd.Process, ended
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := d.up()
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("start %s: it ended:\n%s", d.name, d.tail())
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("start %s: it does not answer after %v: %w\n%s", d.name, patience, err, d.tail())
		}
	}
}

// end sends the process a signal that ends it and waits until it is gone. A
// process that has ended already is no error.
func (d *daemon) end(s os.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.process == nil {
		return nil
	}
	if err := d.process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s %v: %w", d.name, s, err)
	}
	select {
	case <-d.ended:
		return nil
	case <-time.After(patience):
		_ = d.process.Kill() // nothing may be left of it
		<-d.ended
		return fmt.Errorf("%s did not end in %v after %v:\n%s", d.name, patience, s, d.tail())
	}
}

// signal sends the process a signal that does not end it.
func (d *daemon) signal(t testing.TB, s os.Signal) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.process.Signal(s); err != nil {
		t.Fatalf("send %s %v: %v", d.name, s, err)
	}
}

func (d *daemon) logPath() string { return filepath.Join(d.dir, "log") }

// tail is the end of the log.
func (d *daemon) tail() string {
	text, err := os.ReadFile(d.logPath())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// must ends the test when a verb failed.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
