package redis_test

import (
	"strings"
	"testing"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/pubsub/brokertest"
)

// TestBroker runs the conformance suite on every kind of Redis.
func TestBroker(t *testing.T) {
	exercise := func(t *testing.T, url string) {
		brokertest.Exercise(t, func(t *testing.T) pubsub.Broker {
			// Else a test of a Cluster might hear the last of the one before it.
			return connectedAs(t, url, t.Name()+":")
		})
	}
	t.Run("one server", func(t *testing.T) { exercise(t, servers.Redis(t).URL) })
	t.Run("a server with a password", func(t *testing.T) {
		server := servers.Redis(t, "--requirepass", "se/cret")
		exercise(t, strings.Replace(server.URL, "redis://", "redis://:se%2Fcret@", 1)+"/1")
	})
	t.Run("Cluster", func(t *testing.T) { exercise(t, servers.RedisCluster(t).URL) })
	t.Run("Sentinel", func(t *testing.T) { exercise(t, servers.RedisSentinel(t).URL) })
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
