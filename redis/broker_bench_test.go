package redis_test

import (
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
)

// counter counts on a channel.
type counter chan struct{}

func (c counter) Receive([]byte) { c <- struct{}{} }
func (c counter) Resubscribed()  {}

// BenchmarkBroker is what a message costs on its way through Redis.
func BenchmarkBroker(b *testing.B) {
	server := servers.Redis(b)
	broker := connected(b, server.URL)
	message := make([]byte, 200)
	heard := make(counter, 1<<20)
	defer subscribe(b, broker, "artwork:1", heard).Unsubscribe()
	send := func(b *testing.B, channel string) {
		if err := broker.Publish(b.Context(), channel, message); err != nil {
			b.Error(err)
		}
	}
	// From Publish to Receive, one message at a time.
	b.Run("latency", func(b *testing.B) {
		for b.Loop() {
			send(b, "artwork:1")
			<-heard
		}
	})
	// Messages per second from 64 publishers to one subscriber.
	b.Run("throughput", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(32)
		begun := time.Now()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				send(b, "artwork:1")
				<-heard
			}
		})
		b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "messages/s")
	})
	// What a command waits while others flood the subscription.
	b.Run("a command beside a flood", func(b *testing.B) {
		flooder := connected(b, server.URL)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					_ = flooder.Publish(b.Context(), "artwork:1", message)
				}
			}
		}()
		go func() {
			for range heard {
				select {
				case <-stopped:
					return
				default:
				}
			}
		}()
		for b.Loop() {
			send(b, "artwork:2")
		}
		close(stop)
		<-stopped
		heard <- struct{}{} // ends who counts
	})
}
