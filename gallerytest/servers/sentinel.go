package servers

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Sentinel is a private Redis with a replica, watched by three Sentinels. A
// master that dies is replaced after about two seconds.
type Sentinel struct {
	URL       string         // sentinel://host:port,…/MasterName
	Nodes     []*RedisServer // the master of the beginning and its replica
	Sentinels []*RedisServer
}

// MasterName is what Sentinels call the master.
const MasterName = "mymaster"

// RedisSentinel starts all five and waits until the Sentinels know each other
// and the replica.
func RedisSentinel(t testing.TB) *Sentinel {
	t.Helper()
	s := new(Sentinel)
	var host, port string
	for i := range 2 {
		r := startRedis(t, "Redis under Sentinels", func(dir, own string) []string {
			args := append(forgetful(dir, own), "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
			if i > 0 {
				args = append(args, "--replicaof", host+" "+port)
			}
			return args
		})
		s.Nodes = append(s.Nodes, r)
		host, port, _ = net.SplitHostPort(r.Addr) // which is how it was made
	}
	host, port, _ = net.SplitHostPort(s.Nodes[0].Addr)
	var addrs []string
	for range 3 {
		r := startRedis(t, "Sentinel", func(dir, own string) []string {
			config := filepath.Join(dir, "sentinel.conf") // it writes into it
			text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor %s %s %s 2\n"+
				"sentinel down-after-milliseconds %[3]s 1000\nsentinel failover-timeout %[3]s 5000\n", own, dir, MasterName, host, port)
			must(t, os.WriteFile(config, []byte(text), 0o644))
			return []string{config, "--sentinel"}
		})
		s.Sentinels = append(s.Sentinels, r)
		addrs = append(addrs, r.Addr)
	}
	s.URL = "sentinel://" + strings.Join(addrs, ",") + "/" + MasterName
	await(t, "the Sentinels to know each other", func() error {
		for _, r := range s.Sentinels {
			info, err := r.try("INFO", "sentinel")
			if err != nil {
				return err
			}
			if !strings.Contains(info, "status=ok") || !strings.Contains(info, "slaves=1,sentinels=3") {
				return fmt.Errorf("%s says %s", r.Addr, info)
			}
		}
		return nil
	})
	await(t, "the replica to follow", func() error {
		info, err := s.Nodes[1].try("INFO", "replication")
		if err == nil && !strings.Contains(info, "master_link_status:up") {
			err = fmt.Errorf("it says %s", info)
		}
		return err
	})
	return s
}

// Master is the node that the Sentinels call the master now.
func (s *Sentinel) Master(t testing.TB) *RedisServer {
	t.Helper()
	lines := strings.Fields(s.Sentinels[0].Do(t, "SENTINEL", "get-master-addr-by-name", MasterName))
	for _, r := range s.Nodes {
		if len(lines) == 2 && r.Addr == net.JoinHostPort(lines[0], lines[1]) {
			return r
		}
	}
	t.Fatalf("the master is %q, which is none of the nodes", lines)
	return nil
}

// FailOver kills the master and waits until the Sentinels have another one.
func (s *Sentinel) FailOver(t testing.TB) (dead *RedisServer) {
	t.Helper()
	dead = s.Master(t)
	dead.Kill(t)
	await(t, "another master", func() error {
		master := s.Master(t)
		if master == dead {
			return fmt.Errorf("it is still %s", dead.Addr)
		}
		if role, err := master.try("INFO", "replication"); err != nil || !strings.Contains(role, "role:master") {
			return fmt.Errorf("%s is none yet: %s (%v)", master.Addr, role, err)
		}
		return nil
	})
	return dead
}
