package websockets

import (
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// sharedFrom is how many members a group has at least when its messages are
	// delivered by several goroutines: below, they would still be starting when
	// one had done it all. At 10 µs for each member it is a few milliseconds.
	sharedFrom = 512
	// shareSize is how many members a goroutine takes at a time. So many that
	// taking costs nothing, so few that all end at nearly the same time.
	shareSize = 64
)

// deliver hands e to every member, and returns when all have it: what comes next
// on the channel comes behind it for each of them. Big groups are shared among
// as many goroutines as may run at once.
func (g *group) deliver(e event) {
	members := g.current()
	if len(members) < sharedFrom {
		for _, m := range members {
			m.receive(e)
		}
		return
	}
	var taken atomic.Int64
	share := func() {
		for {
			end := int(taken.Add(shareSize))
			begin := end - shareSize
			if begin >= len(members) {
				return
			}
			for _, m := range members[begin:min(end, len(members))] {
				m.receive(e)
			}
		}
	}
	var helpers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) - 1 {
		helpers.Go(share)
	}
	share()
	helpers.Wait()
}
