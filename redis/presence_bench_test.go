package redis_test

import (
	"fmt"
	"strings"
	"testing"

	"invisibleart.example/gallery/gallerytest/servers"
)

// BenchmarkPresence is ten thousand people who come to one work and leave again:
// how long until Redis knows, and what it took.
func BenchmarkPresence(b *testing.B) {
	const people = 10_000
	server := servers.Redis(b)
	one, other := openLobby(b, server.URL, "", "a", false), openLobby(b, server.URL, "", "b", false)
	server.Do(b, "CONFIG", "RESETSTAT")
	leaves := make([]func(), people)
	b.ReportAllocs()
	for b.Loop() {
		for i := range leaves {
			leaves[i] = one.Enter("dusk", fmt.Sprint("visitor ", i))
		}
		awaitCrowd(b, "dusk", people, people, other)
		for _, leave := range leaves {
			leave()
		}
		awaitCrowd(b, "dusk", 0, 0, other)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/(2*people), "µs/change")
	for line := range strings.Lines(server.Do(b, "INFO", "commandstats")) {
		if strings.Contains(line, "evalsha") {
			b.Log(strings.TrimSpace(line))
		}
	}
}
