package servers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// RedisServer is a private Redis. It keeps nothing on the disk: what it knew is
// gone when it starts again.
type RedisServer struct {
	URL  string // redis://host:port
	Addr string // host:port

	cli    string
	daemon daemon
}

// Redis starts a server of the test's own. Further arguments are those of
// redis-server, such as "--requirepass", "secret".
func Redis(t testing.TB, args ...string) *RedisServer {
	t.Helper()
	return startRedis(t, "Redis", func(dir, port string) []string { return append(forgetful(dir, port), args...) })
}

// forgetful are the arguments of a Redis that keeps nothing on the disk.
func forgetful(dir, port string) []string {
	return []string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no"}
}

// startRedis starts a redis-server in one of its roles, which its arguments
// give it.
func startRedis(t testing.TB, name string, arguments func(dir, port string) []string) *RedisServer {
	t.Helper()
	path, cli := Need(t, "redis-server"), Need(t, "redis-cli")
	dir, err := os.MkdirTemp("", "gallery-redis-")
	must(t, err)
	r := &RedisServer{cli: cli}
	r.daemon = daemon{name: name, dir: dir, path: path, died: syscall.SIGKILL, up: r.answers}
	t.Cleanup(func() {
		if err := r.daemon.end(syscall.SIGKILL); err != nil { // it has nothing to save, and may be paused
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the end of the log of %s at %s:\n%s", name, r.Addr, r.daemon.tail())
		}
		_ = os.RemoveAll(dir) // what is left lies under the system's temporary directory
	})
	must(t, onFreePort(func(port int) error {
		r.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		r.URL = "redis://" + r.Addr
		r.daemon.args = arguments(dir, strconv.Itoa(port))
		return r.daemon.start()
	}))
	return r
}

// answers tells that a Redis listens: one that wants a password or is still
// loading answers too.
func (r *RedisServer) answers() error {
	conn, err := net.DialTimeout("tcp", r.Addr, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	first := make([]byte, 1)
	if _, err := conn.Read(first); err != nil {
		return err
	}
	if first[0] != '+' && first[0] != '-' {
		return errors.New("what answers is no Redis")
	}
	return nil
}

// Do runs a command with redis-cli and returns what it printed, without the
// line break at the end.
func (r *RedisServer) Do(t testing.TB, command ...string) string {
	t.Helper()
	out, err := r.try(command...)
	must(t, err)
	return out
}

func (r *RedisServer) try(command ...string) (string, error) {
	host, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		return "", err
	}
	// -e: an error that Redis answers is one of the command's.
	cmd := exec.Command(r.cli, append([]string{"-e", "-h", host, "-p", port}, command...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("redis-cli %s: %w: %s", strings.Join(command, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Start starts the server again after it ended, where it was, and empty.
func (r *RedisServer) Start(t testing.TB) { t.Helper(); must(t, r.daemon.start()) }

// Stop stops the server in good order.
func (r *RedisServer) Stop(t testing.TB) { t.Helper(); must(t, r.daemon.end(syscall.SIGTERM)) }

// Kill ends the server as a crash would.
func (r *RedisServer) Kill(t testing.TB) { t.Helper(); must(t, r.daemon.end(syscall.SIGKILL)) }
