package loadtest

import (
	"sync"
	"time"
)

// tellEvery is how often progress is told.
const tellEvery = 250 * time.Millisecond

// enter begins a phase.
func (t *test) enter(phase Phase) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase = phase
}

// tell tells the progress until it is stopped.
func (t *test) tell() (stop func()) {
	if t.plan.Progress == nil {
		return func() {}
	}
	over := make(chan struct{})
	var teller sync.WaitGroup
	teller.Go(func() {
		ticker := time.NewTicker(tellEvery)
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
				t.plan.Progress(t.progress())
			}
		}
	})
	return func() {
		close(over)
		teller.Wait()
	}
}

func (t *test) progress() Progress {
	t.mu.Lock()
	phase := t.phase
	t.mu.Unlock()
	s := t.ledger.stand()
	return Progress{
		Phase: phase, Elapsed: time.Since(t.began), Watchers: t.plan.Watchers,
		Open: int64(s.open), Answered: s.answered, Revealed: int64(s.heard), Faults: s.faults,
	}
}
