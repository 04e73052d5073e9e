package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Nchan is nginx's module of that name, with one worker: its sockets are then
// all in one process, which is its best case for processor time.
var Nchan = Contender{
	Name: "nchan", Title: "nchan (nginx, one worker)", Counted: "master and worker",
	Missing: func() string {
		if _, err := nginx(); err != nil {
			return "nginx"
		}
		if nchanModule() == "" {
			return "libnginx-mod-nchan"
		}
		return ""
	},
	Start: startNchan,
}

func nginx() (string, error) {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/nginx")
}

func nchanModule() string {
	for _, path := range []string{"/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/lib64/nginx/modules/ngx_nchan_module.so"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// As its documentation has it: one location for subscribers, one for
// publishers. A subscriber begins with the next message, not with an old one.
const nchanConfig = `daemon off;
load_module %[2]s;
worker_processes 1;
worker_rlimit_nofile 20000;
pid %[1]s/pid;
error_log stderr error;
events { worker_connections 19000; }
http {
	access_log off;
	nchan_shared_memory_size 256M;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen 127.0.0.1:%[3]d backlog=4096;
		location ~ ^/sub/(.+)$ {
			nchan_subscriber websocket;
			nchan_channel_id $1;
			nchan_subscriber_first_message newest;
			nchan_websocket_ping_interval 25;
		}
		location ~ ^/pub/(.+)$ {
			nchan_publisher http;
			nchan_channel_id $1;
			nchan_message_buffer_length 1;
			nchan_message_timeout 1m;
		}
	}
}
`

func startNchan(ctx context.Context, w *Workshop) (Server, error) {
	dir, err := w.room("nchan")
	if err != nil {
		return nil, err
	}
	program, err := nginx()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	// Its worker runs as nobody, and looks into the directory.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nchanConfig, dir, nchanModule(), port), 0o644); err != nil {
		return nil, err
	}
	p, err := launch(dir, "nchan", nil, nil, program, "-p", dir, "-c", config, "-e", "stderr")
	if err != nil {
		return nil, err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	if err := p.await(ctx, func() error { return listens(addr) }); err != nil {
		_ = p.end(syscall.SIGKILL)
		return nil, err
	}
	return &posted{process: p, dir: dir, addr: addr, watch: "/sub/%s", publish: "http://" + addr + "/pub/%s"}, nil
}
