package servers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a server gets to start or to stop.
const patience = 30 * time.Second

// process is a server as a process of its own. It dies with the bench.
type process struct {
	name  string
	cmd   *exec.Cmd
	log   string        // a file with what it said on standard error
	ended chan struct{} // closed when it has ended
	first chan string   // its first line on standard output
}

// launch starts a program in a directory. What it writes goes to a file there;
// its first line on standard output can be waited for. credential may be nil.
func launch(dir, name string, credential *syscall.Credential, environment []string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), ended: make(chan struct{}), first: make(chan string, 1)}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir = dir
	p.cmd.Env = append(plain(), environment...)
	p.cmd.Stderr = log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: credential}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	// Pdeathsig is sent when the starting thread ends, not the process: Go ends
	// threads only that were locked, and nobody here locks one.
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.ended)
		lines := bufio.NewReader(out)
		line, _ := lines.ReadString('\n')
		p.first <- strings.TrimSpace(line)
		io.Copy(io.Discard, lines) // until it ends; then Wait may be called
		_ = p.cmd.Wait()           // how it ended is in its log
	}()
	return p, nil
}

// plain is an environment in which every contender has its defaults.
func plain() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8", "HOME=/nonexistent"}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// line waits for the first line on standard output.
func (p *process) line(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case line := <-p.first:
		if line == "" {
			return "", fmt.Errorf("start %s: it said nothing and ended:\n%s", p.name, p.tail())
		}
		return line, nil
	case <-ctx.Done():
		return "", fmt.Errorf("start %s: %w:\n%s", p.name, ctx.Err(), p.tail())
	}
}

// await asks until something answers.
func (p *process) await(ctx context.Context, up func() error) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := up()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("start %s: it ended:\n%s", p.name, p.tail())
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("start %s: it does not answer after %v: %w\n%s", p.name, patience, err, p.tail())
		}
	}
}

// end sends a signal that ends the process and waits until it has.
func (p *process) end(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s %v: %w", p.name, s, err)
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
		_ = p.cmd.Process.Kill() // nothing may be left of it
		<-p.ended
		return fmt.Errorf("%s did not end in %v after %v:\n%s", p.name, patience, s, p.tail())
	}
}

// tail is the end of the log.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// freePort finds a port below the range from which the system takes those of
// outgoing connections: a server that is stopped must find it free again.
func freePort() (int, error) {
	for range 1000 {
		port := 10_000 + rand.IntN(20_000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
			return port, nil
		}
	}
	return 0, errors.New("find a free port: none of 1000 is")
}

// listens asks once whether somebody accepts connections there.
func listens(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}
