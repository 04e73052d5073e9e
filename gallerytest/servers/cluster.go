package servers

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Cluster is a private Redis Cluster of three masters with a replica each. A
// master that dies is replaced after about two seconds.
type Cluster struct {
	URL   string         // all nodes: redis://host:port,redis://host:port,…
	Nodes []*RedisServer // the masters of the beginning first
}

// RedisCluster starts a cluster of the test's own and waits until it is whole.
func RedisCluster(t testing.TB) *Cluster {
	t.Helper()
	c := new(Cluster)
	create := []string{"--cluster", "create"}
	var urls []string
	for range 6 {
		r := startRedis(t, "Redis of a cluster", func(dir, port string) []string {
			return append(forgetful(dir, port), "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
				"--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
		})
		c.Nodes = append(c.Nodes, r)
		create = append(create, r.Addr)
		urls = append(urls, r.URL)
	}
	c.URL = strings.Join(urls, ",")
	c.Nodes[0].Do(t, append(create, "--cluster-replicas", "1", "--cluster-yes")...)
	await(t, "the cluster to be whole", func() error {
		for _, r := range c.Nodes {
			info, err := r.try("CLUSTER", "INFO")
			if err != nil {
				return err
			}
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:6") {
				return fmt.Errorf("%s says %s", r.Addr, info)
			}
			if role, err := r.try("INFO", "replication"); err != nil || (strings.Contains(role, "role:slave") && !strings.Contains(role, "master_link_status:up")) {
				return fmt.Errorf("%s says %s (%v)", r.Addr, role, err)
			}
		}
		return nil
	})
	return c
}

// Master is the node that answers for a key now.
func (c *Cluster) Master(t testing.TB, key string) *RedisServer {
	t.Helper()
	var master *RedisServer
	await(t, "a master for "+key, func() error {
		for _, r := range c.Nodes {
			// A node that may not answer for the key, or is gone, has an error.
			if role, err := r.try("INFO", "replication"); err != nil || !strings.Contains(role, "role:master") {
				continue
			}
			if _, err := r.try("EXISTS", key); err == nil {
				master = r
				return nil
			}
		}
		return fmt.Errorf("nobody answers for it")
	})
	return master
}

// FailOver kills the master that answers for a key and waits until another one
// does.
func (c *Cluster) FailOver(t testing.TB, key string) (dead *RedisServer) {
	t.Helper()
	dead = c.Master(t, key)
	dead.Kill(t)
	c.Master(t, key)
	return dead
}

// await waits until something is so.
func await(t testing.TB, what string, is func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := is()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("wait for %s: %v", what, err)
		}
	}
}
