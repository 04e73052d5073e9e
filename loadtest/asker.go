package loadtest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// asker has the watchers ask for the status, one after the other, at a rate.
type asker struct {
	swarm  *Swarm
	ledger *ledger
	rate   float64

	mu      sync.Mutex
	next    int // the watcher whose turn it is
	asked   int64
	skipped int64
	late    []time.Duration
}

var checkStatus = []byte(`{"type":"check_status"}`)

// run asks until ctx ends.
func (a *asker) run(ctx context.Context) {
	if a.rate == 0 {
		<-ctx.Done()
		return
	}
	began := Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := int64(0); ; {
		due := began + int64(float64(n)/a.rate*float64(time.Second))
		if wait := time.Duration(due - Now()); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		a.ask(time.Duration(Now() - due))
		n++
	}
}

func (a *asker) ask(late time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.late = append(a.late, late)
	i := a.ledger.ask(a.next)
	if i < 0 {
		a.skipped++
		return
	}
	a.next = i + 1
	if _, err := a.swarm.Send(i, checkStatus); err != nil {
		a.ledger.unask(i) // it was closed just now, which is counted there
		a.skipped++
		return
	}
	a.asked++
}

// result is what became of it, the delays sorted.
func (a *asker) result() (asked, skipped int64, late []time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.late)
	return a.asked, a.skipped, a.late
}
