package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// PostgreSQL is a private server with its defaults, fsync among them: an
// acknowledged commit is on the disk. Unlike the one that the tests start.
type PostgreSQL struct {
	URL string // of its one database

	process *process
	dir     string
}

// postgresqlBin is the directory of the server's binaries, "" without one;
// Debian has them outside of the PATH.
func postgresqlBin() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is sound
	if initdb, err := exec.LookPath("initdb"); err == nil {
		found = append([]string{initdb}, found...)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

// HasPostgreSQL says what is missing for StartPostgreSQL, "" when nothing is.
func HasPostgreSQL() string {
	if postgresqlBin() == "" {
		return "postgresql"
	}
	return ""
}

// StartPostgreSQL makes a server and waits until it answers.
func StartPostgreSQL(ctx context.Context, w *Workshop) (*PostgreSQL, error) {
	dir, err := w.room("postgresql")
	if err != nil {
		return nil, err
	}
	var runsAs *syscall.Credential
	if os.Geteuid() == 0 { // it refuses to run as root
		who, err := user.Lookup("postgres")
		if err != nil {
			who, err = user.Lookup("nobody")
		}
		if err != nil {
			return nil, fmt.Errorf("find a user for PostgreSQL: %w", err)
		}
		uid, _ := strconv.Atoi(who.Uid) // they are numbers wherever there is a root
		gid, _ := strconv.Atoi(who.Gid)
		runsAs = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := errors.Join(os.Chown(dir, uid, gid), os.Chmod(w.Dir, 0o711)); err != nil {
			return nil, fmt.Errorf("hand PostgreSQL its directory: %w", err)
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(postgresqlBin(), "initdb"), "-D", data, "-U", "gallery", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir, initdb.Env = dir, plain()
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: runsAs}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make PostgreSQL's directory: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p := &PostgreSQL{dir: dir, URL: fmt.Sprintf("postgres://gallery@127.0.0.1:%d/postgres?sslmode=disable", port)}
	p.process, err = launch(dir, "postgresql", runsAs, nil, filepath.Join(postgresqlBin(), "postgres"), "-D", data, "-p", fmt.Sprint(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300")
	if err != nil {
		return nil, err
	}
	// It accepts connections before it answers on them, but says so.
	err = p.process.await(ctx, func() error {
		if !strings.Contains(p.process.tail(), "ready to accept connections") {
			return errors.New("it is not ready")
		}
		return nil
	})
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

// Close stops the server and removes what it kept.
func (p *PostgreSQL) Close() error {
	err := p.process.end(syscall.SIGINT) // its "fast shutdown"
	os.RemoveAll(p.dir)
	return err
}
