package gallerytest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
)

// Process is the real program serving a data directory, as a process of its
// own. It can be killed and started again on the same data and the same port.
type Process struct {
	House
	Data string // the data directory

	flags  []string
	listen string
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
	status error

	mu     sync.Mutex
	stderr strings.Builder
}

// Launch starts `gallery serve` on a free port with a data directory of its
// own, without rate limits, and with further flags, and waits until it is
// ready. It is killed at the end of the test.
func Launch(t testing.TB, flags ...string) *Process {
	t.Helper()
	// Not port 0: the system takes such a port from where it takes those of
	// outgoing connections, and one of those may have it at the next start.
	p := &Process{Data: t.TempDir(), flags: flags, listen: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))}
	t.Cleanup(func() { p.Kill(t) })
	p.Start(t)
	return p
}

// Start starts the process again after it ended, where it was before.
func (p *Process) Start(t testing.TB) {
	t.Helper()
	args := append([]string{"serve", "--listen", p.listen, "--data", p.Data, "--rate-limits", "off"}, p.flags...)
	p.cmd = exec.Command(Binary(t), args...)
	p.cmd.Stderr = p
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("start the gallery: %v", err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start the gallery: %v", err)
	}
	p.ended = make(chan struct{})
	lines := make(chan string, 1)
	go func(cmd *exec.Cmd, ended chan struct{}) {
		defer close(ended)
		out := bufio.NewReader(stdout)
		line, _ := out.ReadString('\n')
		lines <- line
		io.Copy(io.Discard, out) // until the process ends; then Wait may be called
		p.status = cmd.Wait()
	}(p.cmd, p.ended)
	line := <-lines
	_, url, found := strings.Cut(strings.TrimSpace(line), "listening on ")
	if !found {
		<-p.ended
		t.Fatalf("start the gallery: it said %q and ended (%v):\n%s", line, p.status, p.Log())
	}
	p.listen = strings.TrimPrefix(url, "http://")
	if p.Client == nil {
		p.House = Visit(t, url)
	}
	p.awaitReady(t)
}

func (p *Process) awaitReady(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(Patience); ; time.Sleep(5 * time.Millisecond) {
		response, err := p.Client.Get(p.URL + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == 200 {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the gallery is not ready after %v (%v):\n%s", Patience, err, p.Log())
		}
	}
}

// Kill ends the process as a power cut would (kill -9), if it still runs, and
// waits until it is gone.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	if p.ended == nil {
		return // it never started
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("kill the gallery: %v", err)
	}
	<-p.ended
	if p.Client != nil {
		p.Client.CloseIdleConnections() // none of them leads anywhere any more
	}
}

// Signal sends the process a signal.
func (p *Process) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("send the gallery %v: %v", s, err)
	}
}

// Wait waits until the process ends by itself and returns how: nil for status 0.
func (p *Process) Wait(t testing.TB, patience time.Duration) error {
	t.Helper()
	select {
	case <-p.ended:
		return p.status
	case <-time.After(patience):
		t.Fatalf("the gallery still runs after %v:\n%s", patience, p.Log())
		return nil
	}
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Write implements io.Writer for the process's log.
func (p *Process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.Write(b)
}

// Log is what the process has written to standard error.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}
