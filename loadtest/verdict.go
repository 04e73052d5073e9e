package loadtest

import "slices"

// Faults counts what a gallery promises and did not keep.
type Faults struct {
	// Lost: the first artwork_status, the answer to a check_status, or
	// artwork_revealed did not come, on a socket that is open.
	Lost int64 `json:"lost"`
	// Doubled: an artwork_status that nobody asked for, or artwork_revealed on
	// a socket that knew.
	Doubled int64 `json:"doubled"`
	// OutOfOrder: artwork_revealed before the first artwork_status, or an
	// answer that says "revealed" before artwork_revealed.
	OutOfOrder int64 `json:"out_of_order"`
	// Contradictory: an artwork_status that says "not revealed" on a socket
	// that was told otherwise.
	Contradictory int64 `json:"contradictory"`
	// Unexpected: a message of another type, about another work, or no JSON.
	Unexpected int64 `json:"unexpected"`
	// Protocol: sockets that ended because the server broke RFC 6455.
	Protocol int64 `json:"protocol"`
}

// Total is how many there are.
func (f Faults) Total() int64 {
	return f.Lost + f.Doubled + f.OutOfOrder + f.Contradictory + f.Unexpected + f.Protocol
}

// standing is how far the watchers have come.
type standing struct {
	open, here, waiting, heard int
	unaware                    int // are there, and were not told that the work is revealed
	answered                   int64
	faults                     Faults
}

func (l *ledger) stand() (s standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s = standing{here: l.here, waiting: l.waiting, heard: len(l.heard), answered: l.answered, faults: l.faults}
	for i := range l.watchers {
		if w := &l.watchers[i]; w.open {
			s.open++
			if w.first && !w.late && w.heard == 0 {
				s.unaware++
			}
		}
	}
	return s
}

// judge ends the accounts: what has not come by now is lost. revealed tells that
// the work is revealed.
func (l *ledger) judge(revealed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.watchers {
		w := &l.watchers[i]
		if !w.open {
			continue
		}
		if !w.first {
			l.fault(&l.faults.Lost, i, "the first artwork_status did not come")
		}
		if w.asked != 0 {
			l.fault(&l.faults.Lost, i, "check_status was not answered")
		}
		if revealed && w.first && !w.late && w.heard == 0 {
			l.fault(&l.faults.Lost, i, "artwork_revealed did not come")
		}
	}
	slices.Sort(l.handshakes)
	slices.Sort(l.answers)
	slices.Sort(l.heard)
}
