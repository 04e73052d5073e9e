package redis_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/redis"
)

// BenchmarkLimits is what one shared limit adds to a request.
func BenchmarkLimits(b *testing.B) {
	client, err := redis.Open(servers.Redis(b).URL, redis.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- client.Run(ctx) }()
	defer func() { cancel(); <-ended; client.Close() }()
	limits := redis.NewLimits(client)
	rule := ratelimit.Rule{Burst: 1 << 20, Every: time.Microsecond}
	for {
		if _, _, err := limits.Take(ctx, "bench", "ready", rule, 1); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	l := ratelimit.NewLimiter("bench", rule, nil, limits)
	b.Run("one by one", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			l.Allow(ctx, strconv.Itoa(i%1000))
		}
	})
	b.Run("side by side", func(b *testing.B) {
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				l.Allow(ctx, strconv.Itoa(i%1000))
			}
		})
	})
}
