package node

import (
	"invisibleart.example/gallery/presence"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/redis"
)

// live is what nodes share while they run and lose without harm: messages, who
// is before which work, and the limits. Without Redis each is the node's own.
type live struct {
	broker   pubsub.Broker
	presence presence.Tracker
	limits   ratelimit.Shared // nil: the node's own
}

// openLive makes the live part. It does not wait for Redis.
func (n *Node) openLive() error {
	c := n.config
	if c.Redis == "" {
		n.live = live{broker: pubsub.NewMemory(), presence: presence.NewMemory()}
		return nil
	}
	client, err := redis.Open(c.Redis, redis.Options{Prefix: c.RedisPrefix, Log: c.Log})
	if err != nil {
		return err
	}
	n.onClose(client.Close)
	broker, crowd := redis.NewBroker(client), redis.NewPresence(client, n.name)
	n.live = live{broker: broker, presence: crowd, limits: redis.NewLimits(client)}
	n.worker("keep the connection to Redis", client.Run)
	n.worker("hear the other nodes", broker.Run)
	n.worker("tell the other nodes who is here", crowd.Run)
	return nil
}
