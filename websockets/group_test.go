package websockets_test

import (
	"slices"
	"testing"

	"invisibleart.example/gallery/websockets"
)

// TestDeliverReachesEveryMember has groups of all sizes around those at which
// the work is shared: each member hears everything once, in order, and never
// from two goroutines at the same time, which the race detector would find.
func TestDeliverReachesEveryMember(t *testing.T) {
	want := []int64{1, 2, 3, 4, 5}
	for _, members := range []int{0, 1, websockets.SharedFrom - 1, websockets.SharedFrom, websockets.SharedFrom + 1, 10_000} {
		for i, heard := range websockets.Deliver(members, len(want)) {
			if !slices.Equal(heard, want) {
				t.Fatalf("member %d of %d heard %v, want %v", i, members, heard, want)
			}
		}
	}
}
