package redis_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/redis"
)

// TestOneOrderForAllNodes: several nodes publish on the same channels at once,
// and every node hears each channel in the same order: in a Cluster because a
// channel has one server, whichever the node listens on.
func TestOneOrderForAllNodes(t *testing.T) {
	for name, url := range map[string]string{
		"one server": servers.Redis(t).URL,
		"Cluster":    servers.RedisCluster(t).URL,
	} {
		t.Run(name, func(t *testing.T) {
			const nodes, each = 4, 300
			var brokers []*redis.Broker
			for range nodes {
				brokers = append(brokers, connected(t, url))
			}
			ears := make([][channels / 10]*ear, nodes)
			for n, b := range brokers {
				for c := range ears[n] {
					ears[n][c] = newEar()
					defer subscribe(t, b, channelName(c), ears[n][c]).Unsubscribe()
				}
			}
			var all sync.WaitGroup
			for n, b := range brokers {
				for c := range ears[n] {
					all.Go(func() {
						for i := range each {
							publish(t, b, channelName(c), fmt.Sprint(n, " ", i))
						}
					})
				}
			}
			all.Wait()
			for c := range ears[0] {
				first := ears[0][c]
				for n := range brokers {
					e := ears[n][c]
					e.await(t, "all messages", func() bool { return len(e.all()) == nodes*each })
					if !slices.Equal(e.all(), first.all()) {
						t.Errorf("channel %d: node %d heard another order than node 0", c, n)
					}
				}
			}
		})
	}
}

// TestComingBackWhileLeaving: channels are subscribed again while they, and
// thousands beside them, are being given up; nothing that is published after
// Subscribe returned may be lost in silence.
func TestComingBackWhileLeaving(t *testing.T) {
	t.Parallel() // it waits most of the time
	const n, hands, each = 20_000, 32, 625
	server := servers.Redis(t)
	b := connected(t, server.URL)
	var all sync.WaitGroup
	var places []pubsub.Subscription
	for i := range n {
		places = append(places, subscribe(t, b, channelName(i), newEar()))
	}
	for _, place := range places {
		place.Unsubscribe()
	}
	left := time.Now()
	for hand := range hands {
		all.Go(func() {
			for i := range each {
				// Real time: from before they are given up until after that.
				time.Sleep(time.Until(left.Add(4500*time.Millisecond + time.Duration(i)*1500*time.Millisecond/each)))
				channel, e := channelName(i*hands+hand), newEar()
				s, err := b.Subscribe(t.Context(), channel, e)
				if err != nil {
					t.Errorf("subscribe to %s: %v", channel, err)
					return
				}
				publish(t, b, channel, "hello")
				// A busy machine may not acknowledge in time: then who did not wait is told.
				for deadline := time.Now().Add(patience); !e.heard("hello") && e.times() == 0; time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Errorf("%s: nothing was heard after Subscribe had returned", channel)
						return
					}
				}
				s.Unsubscribe()
			}
		})
	}
	all.Wait()
}

// TestManyLeaveAtOnce: thousands of channels are given up in the same moment,
// while others come and messages pass.
func TestManyLeaveAtOnce(t *testing.T) {
	t.Parallel() // it waits most of the time
	const n = 3000
	server := servers.Redis(t)
	b := connected(t, server.URL)
	stayer := newEar()
	defer subscribe(t, b, "artwork:stays", stayer).Unsubscribe()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { subscribe(t, b, channelName(i), newEar()).Unsubscribe() })
	}
	all.Wait()
	sent := 0
	for begun := time.Now(); ; sent++ {
		publish(t, b, "artwork:stays", fmt.Sprint(sent))
		comer := newEar()
		s := subscribe(t, b, channelName(n+sent), comer)
		publish(t, b, channelName(n+sent), "hello")
		comer.awaitMessage(t, "hello")
		s.Unsubscribe()
		if sent%50 == 0 && server.Do(t, "PUBSUB", "NUMSUB", "gallery:artwork:0") == "gallery:artwork:0\n0" {
			break
		}
		if time.Since(begun) > patience {
			t.Fatal("the channels are not given up")
		}
	}
	stayer.await(t, "all messages", func() bool { return len(stayer.all()) == sent+1 })
	for i, m := range stayer.all() {
		if want := fmt.Sprint(i); m != want {
			t.Fatalf("message %d: got %q, want %q", i, m, want)
		}
	}
	if stayer.times() != 0 {
		t.Errorf("Resubscribed was called %d times, want none: nothing broke", stayer.times())
	}
}
