package redis

import (
	"net"

	"github.com/redis/rueidis"
)

// settings are what holds for every connection. They are chosen so that a
// command either is answered soon or fails soon, and is never repeated.
func settings() rueidis.ClientOption {
	dialer := net.Dialer{Timeout: dialPatience}
	dialer.KeepAlive = heartbeat // rueidis also takes it as the pause before a PING
	return rueidis.ClientOption{
		Dialer:           dialer,
		ConnWriteTimeout: silence,
		Sentinel: rueidis.SentinelOption{
			Dialer: dialer,
			// Well under [canaryPatience]: when a subscription that stayed on a
			// deposed master is found and moved to the new one, everybody must
			// publish there already. See Broker.
			TopologyRefreshInterval: heartbeat,
		},
		ClusterOption: rueidis.ClusterOption{
			ShardsRefreshInterval: heartbeat,
			// Else two nodes that disagree send a command round in circles.
			MaxMovedRedirections: 5,
		},
		DisableRetry: true, // what failed lies in the outbox; the sweep repeats it
		DisableCache: true, // 128 MiB per connection for a cache that nobody asks
		// Else a command that nothing runs beside is written and read by its
		// caller, and one that misses its deadline takes the connection, and
		// with it the commands of all others, down.
		AlwaysPipelining: true,
		// One connection carries more than we ever send, and what two goroutines
		// send one after the other keeps its order.
		PipelineMultiplex:   -1,
		ReadBufferEachConn:  64 << 10,
		WriteBufferEachConn: 64 << 10,
	}
}
