package loadtest

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ledger holds every message against what docs/protocol.md promises of an
// artwork's socket. It is safe for concurrent use.
type ledger struct {
	mu       sync.Mutex
	watchers []watcher
	read     interpreter
	faults   Faults
	examples []string

	here       int // watchers whose first status came
	waiting    int // questions that are not answered
	answered   int64
	handshakes []time.Duration
	answers    []time.Duration
	heard      []int64 // when each watcher was told of the reveal
	lastOpened int64
}

// watcher is what one socket was told.
type watcher struct {
	open  bool
	first bool  // the status that everybody gets first has come
	late  bool  // it said that the work is revealed: no artwork_revealed is to come
	knows bool  // it was told that the work is revealed, one way or the other
	heard int64 // when artwork_revealed came
	asked int64 // when the question was sent that waits for its answer
}

// maxExamples is how many faults are told in words.
const maxExamples = 10

func newLedger(p Plan, w work) *ledger {
	return &ledger{watchers: make([]watcher, p.Watchers), read: interpreter{artwork: w.ID}}
}

// opened takes note of a handshake.
func (l *ledger) opened(i int, at int64, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers[i].open = true
	l.handshakes = append(l.handshakes, took)
	l.lastOpened = at
}

// closed takes note of the end of a socket. What it was still to be told is
// nobody's loss: it knows that it is cut off.
func (l *ledger) closed(i int, c Closed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &l.watchers[i]
	if w.asked != 0 {
		l.waiting--
	}
	if w.first {
		l.here--
	}
	*w = watcher{}
	if errors.Is(c.Err, ErrProtocol) {
		l.fault(&l.faults.Protocol, i, "%v", c.Err)
	}
}

// message judges one message.
func (l *ledger) message(i int, at int64, payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &l.watchers[i]
	switch says := l.read.read(payload); says {
	case saysHidden, saysShown:
		l.status(i, w, at, says == saysShown, payload)
	case saysRevelation:
		l.revelation(i, w, at, payload)
	default:
		l.fault(&l.faults.Unexpected, i, "nobody understands %.200q", payload)
	}
}

func (l *ledger) status(i int, w *watcher, at int64, revealed bool, payload []byte) {
	if w.knows && !revealed {
		l.fault(&l.faults.Contradictory, i, "after the reveal it says %.200q", payload)
	}
	switch {
	case !w.first:
		w.first = true
		l.here++
		w.late = revealed && w.heard == 0
	case w.asked == 0:
		l.fault(&l.faults.Doubled, i, "nobody asked, and it says %.200q", payload)
	default:
		l.answers = append(l.answers, time.Duration(at-w.asked))
		l.answered++
		l.waiting--
		w.asked = 0
		if revealed && !w.knows {
			l.fault(&l.faults.OutOfOrder, i, "artwork_status says that it is revealed before artwork_revealed came")
		}
	}
	w.knows = w.knows || revealed
}

func (l *ledger) revelation(i int, w *watcher, at int64, payload []byte) {
	switch {
	case w.heard != 0 || w.late:
		l.fault(&l.faults.Doubled, i, "it knows already, and hears again %.200q", payload)
		return
	case !w.first:
		l.fault(&l.faults.OutOfOrder, i, "artwork_revealed came before the first artwork_status")
	}
	w.heard, w.knows = at, true
	l.heard = append(l.heard, at)
}

// ask picks the next watcher from start on who waits for no answer, and takes
// note that it asks now; -1 when there is none.
func (l *ledger) ask(start int) (socket int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := range l.watchers {
		i := (start + n) % len(l.watchers)
		if w := &l.watchers[i]; w.open && w.first && w.asked == 0 {
			w.asked = Now()
			l.waiting++
			return i
		}
	}
	return -1
}

// unask takes back a question that could not be sent.
func (l *ledger) unask(i int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w := &l.watchers[i]; w.asked != 0 {
		w.asked = 0
		l.waiting--
	}
}

// fault counts a fault and keeps the first few in words. l.mu is held.
func (l *ledger) fault(kind *int64, i int, format string, args ...any) {
	*kind++
	if len(l.examples) < maxExamples {
		l.examples = append(l.examples, fmt.Sprintf("watcher %d: ", i)+fmt.Sprintf(format, args...))
	}
}
