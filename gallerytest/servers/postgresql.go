package servers

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgreSQLServer is a private PostgreSQL. It asks for a password, as real
// ones do, and it does not sync to the disk: a process that is killed loses
// nothing that way, only a machine that loses its power would.
type PostgreSQLServer struct {
	Addr     string // host:port
	Password string // of the superuser "gallery"

	daemon daemon
}

// Role is the superuser of every private PostgreSQL.
const Role = "gallery"

// PostgreSQL starts a server of the test's own.
func PostgreSQL(t testing.TB) *PostgreSQLServer {
	t.Helper()
	bin := needPostgreSQL(t)
	p, err := startPostgreSQL(bin)
	must(t, err)
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the end of PostgreSQL's log:\n%s", p.daemon.tail())
		}
		p.remove()
	})
	return p
}

// needPostgreSQL is Need for a directory with PostgreSQL's binaries. Debian
// has those of the server outside of the PATH.
func needPostgreSQL(t testing.TB) (bin string) {
	t.Helper()
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb)
	}
	newest := 0
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/opt/homebrew/opt/postgresql@*/bin/initdb", "/usr/local/opt/postgresql@*/bin/initdb"} {
		found, _ := filepath.Glob(pattern) // the patterns are sound
		for _, path := range found {
			dir := filepath.Dir(path)
			name := strings.TrimPrefix(filepath.Base(filepath.Dir(dir)), "postgresql@")
			if version, err := strconv.Atoi(name); err == nil && version > newest {
				newest, bin = version, dir
			}
		}
	}
	if bin == "" {
		Missing(t, "PostgreSQL's server is not installed; make deps installs what the tests need")
	}
	return bin
}

func startPostgreSQL(bin string) (*PostgreSQLServer, error) {
	dir, err := os.MkdirTemp("", "gallery-postgresql-")
	if err != nil {
		return nil, err
	}
	p := &PostgreSQLServer{Password: rand.Text()}
	p.daemon = daemon{name: "PostgreSQL", dir: dir, path: filepath.Join(bin, "postgres"), died: syscall.SIGQUIT}
	p.daemon.up = func() error { return p.do("postgres", "SELECT 1") }
	if err := p.initialize(bin); err != nil {
		p.remove()
		return nil, err
	}
	err = onFreePort(func(port int) error {
		p.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		p.daemon.args = []string{"-D", filepath.Join(dir, "data"), "-p", strconv.Itoa(port),
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300",
			"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB", "-c", "timezone=Asia/Kathmandu"}
		return p.daemon.start()
	})
	if err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

// initialize makes the data directory.
func (p *PostgreSQLServer) initialize(bin string) error {
	if os.Geteuid() == 0 {
		// PostgreSQL refuses to run as root.
		who, err := user.Lookup("postgres")
		if err != nil {
			who, err = user.Lookup("nobody")
		}
		if err != nil {
			return fmt.Errorf("find a user for PostgreSQL: %w", err)
		}
		uid, _ := strconv.ParseUint(who.Uid, 10, 32) // they are numbers wherever there is a root
		gid, _ := strconv.ParseUint(who.Gid, 10, 32)
		p.daemon.user = &owner{uint32(uid), uint32(gid)}
		if err := os.Chown(p.daemon.dir, int(uid), int(gid)); err != nil {
			return fmt.Errorf("hand PostgreSQL its directory: %w", err)
		}
	}
	secret := filepath.Join(p.daemon.dir, "password")
	if err := os.WriteFile(secret, []byte(p.Password+"\n"), 0o644); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(p.daemon.dir, "data"), "-U", Role,
		"--auth=scram-sha-256", "--pwfile="+secret, "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.Dir = p.daemon.dir
	cmd.SysProcAttr = attributes(p.daemon.user, syscall.SIGKILL)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make PostgreSQL's directory: %w\n%s", err, out)
	}
	return nil
}

// Database makes a fresh database on the server and returns its URL. It is
// dropped at the end of the test, if the server runs then.
func (p *PostgreSQLServer) Database(t testing.TB) string {
	t.Helper()
	name := "gallery_" + strings.ToLower(rand.Text()[:12])
	must(t, p.create(name))
	t.Cleanup(func() { _ = p.do("postgres", "DROP DATABASE "+name+" WITH (FORCE)") }) // it goes with the server otherwise
	return p.URL(name)
}

// create makes a database that sorts text as people's databases do, by a
// language: what relies on the order of bytes shows.
func (p *PostgreSQLServer) create(name string) error {
	err := p.do("postgres", "CREATE DATABASE "+name+" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'")
	if err != nil { // before version 15, or built without ICU
		err = p.do("postgres", "CREATE DATABASE "+name+" TEMPLATE template0")
	}
	return err
}

// URL is the address of a database of the server, with the password.
func (p *PostgreSQLServer) URL(database string) string { return p.Through(p.Addr, database) }

// Through is URL by another way, such as a [Proxy].
func (p *PostgreSQLServer) Through(addr, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(Role, p.Password), Host: addr,
		Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Exec runs a statement in a database of the server, as its superuser.
func (p *PostgreSQLServer) Exec(t testing.TB, database, statement string) {
	t.Helper()
	must(t, p.do(database, statement))
}

func (p *PostgreSQLServer) do(database, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// Start starts the server again after it ended, where it was.
func (p *PostgreSQLServer) Start(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := p.daemon.start()
		// The connections of a killed server end a moment after it, and it does
		// not start beside one that has not noticed.
		if err == nil || !strings.Contains(err.Error(), "pre-existing shared memory") || time.Now().After(deadline) {
			must(t, err)
			return
		}
	}
}

// Stop stops the server as an operator would who does not wait for clients.
func (p *PostgreSQLServer) Stop(t testing.TB) { t.Helper(); must(t, p.close()) }

// Kill ends the server as a crash would, without a word to its clients.
func (p *PostgreSQLServer) Kill(t testing.TB) {
	t.Helper()
	must(t, p.daemon.end(syscall.SIGKILL))
	// The processes that served its connections notice by themselves, a moment
	// later, and the port is theirs so long.
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		_, port, _ := net.SplitHostPort(p.Addr)
		if number, _ := strconv.Atoi(port); isFree(number) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the port of a killed PostgreSQL is still taken after %v", patience)
		}
	}
}

// Restart is Stop and Start.
func (p *PostgreSQLServer) Restart(t testing.TB) {
	t.Helper()
	p.Stop(t)
	p.Start(t)
}

// close stops the server: SIGINT is its "fast shutdown".
func (p *PostgreSQLServer) close() error { return p.daemon.end(syscall.SIGINT) }

func (p *PostgreSQLServer) remove() { _ = os.RemoveAll(p.daemon.dir) } // what is left lies under the system's temporary directory
