package servers

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
)

// redisServer is a private Redis that keeps nothing on disk.
type redisServer struct {
	process *process
	addr    string
}

func hasRedis() string {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return "redis-server"
	}
	return ""
}

func startRedis(ctx context.Context, dir string) (*redisServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := launch(dir, "redis", nil, nil, "redis-server", "--port", fmt.Sprint(port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", dir)
	if err != nil {
		return nil, err
	}
	r := &redisServer{p, fmt.Sprintf("127.0.0.1:%d", port)}
	if err := p.await(ctx, func() error { return listens(r.addr) }); err != nil {
		_ = p.end(syscall.SIGKILL)
		return nil, err
	}
	return r, nil
}

func (r *redisServer) close() error { return r.process.end(syscall.SIGTERM) }
