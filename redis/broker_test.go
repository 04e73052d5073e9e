package redis_test

import (
	"strings"
	"testing"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/pubsub/brokertest"
)

// TestBroker runs the conformance suite on every kind of Redis. Each broker has
// the server's channels to itself, because it has a prefix of its own server.
func TestBroker(t *testing.T) {
	t.Run("one server", func(t *testing.T) {
		server := servers.Redis(t)
		brokertest.Exercise(t, func(t *testing.T) pubsub.Broker { return connected(t, server.URL) })
	})
	t.Run("a server with a password", func(t *testing.T) {
		server := servers.Redis(t, "--requirepass", "se/cret")
		url := strings.Replace(server.URL, "redis://", "redis://:se%2Fcret@", 1) + "/1"
		brokertest.Exercise(t, func(t *testing.T) pubsub.Broker { return connected(t, url) })
	})
	t.Run("Cluster", func(t *testing.T) {
		cluster := servers.RedisCluster(t)
		brokertest.Exercise(t, func(t *testing.T) pubsub.Broker { return connected(t, cluster.URL) })
	})
	t.Run("Sentinel", func(t *testing.T) {
		sentinel := servers.RedisSentinel(t)
		brokertest.Exercise(t, func(t *testing.T) pubsub.Broker { return connected(t, sentinel.URL) })
	})
}

// TestBrokerReconnects runs the part of the suite that cuts the connection.
func TestBrokerReconnects(t *testing.T) {
	server := servers.Redis(t)
	brokertest.Reconnect(t, func(t *testing.T) brokertest.Severed {
		wire := servers.Proxy(t, server.Addr)
		return brokertest.Severed{
			Broker:  connected(t, "redis://"+wire.Addr),
			Cut:     wire.Cut,
			Restore: func() { wire.Heal(t) },
		}
	})
}
