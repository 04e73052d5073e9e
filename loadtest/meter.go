package loadtest

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// meter reads what server and load test spend, phase by phase.
type meter struct {
	server *process // nil: nobody looks
	swarm  *Swarm
	local  bool // the server runs on this machine, as far as its address tells

	began  time.Time
	first  reading
	last   reading
	memory int64 // of the server, before the first handshake
	spans  map[Phase]*span
}

// reading is what was spent until a moment.
type reading struct {
	at          time.Time
	server, own time.Duration
	idle        time.Duration
	idleKnown   bool
	messages    int64
}

// span is what was spent in the parts of one phase.
type span struct {
	elapsed, server, own, idle time.Duration
	idleKnown                  bool
	messages                   int64
	busy                       time.Duration
	longest                    time.Duration
	waits                      []time.Duration
}

func newMeter(swarm *Swarm, server *process, local bool) *meter {
	m := &meter{swarm: swarm, server: server, local: local, began: time.Now(), spans: map[Phase]*span{}}
	if server != nil {
		m.memory, _ = server.memory() // it could be read a moment ago
	}
	m.first = m.read()
	m.last = m.first
	return m
}

func (m *meter) read() (r reading) {
	r = reading{at: time.Now(), own: ownCPU(), messages: m.swarm.Counts().Messages}
	r.idle, r.idleKnown = idleTime()
	if m.server != nil {
		if r.server, _ = m.server.cpu(); r.server == 0 {
			r.server = m.last.server // it has ended
		}
	}
	return r
}

// end counts everything since the last call for a phase.
func (m *meter) end(phase Phase) {
	now, lag := m.read(), m.swarm.TakeLag()
	s := m.spans[phase]
	if s == nil {
		s = &span{}
		m.spans[phase] = s
	}
	s.elapsed += now.at.Sub(m.last.at)
	s.server += now.server - m.last.server
	s.own += now.own - m.last.own
	s.idle += now.idle - m.last.idle
	s.idleKnown = now.idleKnown
	s.messages += now.messages - m.last.messages
	s.busy += lag.Busy
	s.longest = max(s.longest, lag.Longest)
	s.waits = append(s.waits, lag.Waits...)
	m.last = now
}

// per is a cost in µs divided by how often it was paid.
func per(cost time.Duration, times int64) float64 {
	if times <= 0 {
		return 0
	}
	return float64(cost/time.Duration(times)) / float64(time.Microsecond)
}

// cost is what the server spent; memory is its size once everybody was there.
func (m *meter) cost(pid int, opened int64, memory int64) *ServerCost {
	if m.server == nil {
		return nil
	}
	c := &ServerCost{PID: pid}
	if opened > 0 && memory > 0 {
		c.SocketBytes = float64((memory - m.memory) / opened)
	}
	if s := m.spans[PhaseRamp]; s != nil {
		c.HandshakeCPU = per(s.server, opened)
	}
	if s := m.spans[PhaseWatch]; s != nil {
		c.CheckCPU = per(s.server, s.messages)
	}
	if s := m.spans[PhaseReveal]; s != nil {
		c.RevealCPU = per(s.server, s.messages)
	}
	return c
}

// self is what the load test spent; late are the delays of its questions.
func (m *meter) self(late []time.Duration) SelfCost {
	var all span
	for _, s := range m.spans {
		all.elapsed += s.elapsed
		all.own += s.own
		all.busy += s.busy
		all.longest = max(all.longest, s.longest)
		all.waits = append(all.waits, s.waits...)
	}
	slices.Sort(all.waits)
	return SelfCost{
		CPUShare: share(all.own, all.elapsed*time.Duration(runtime.NumCPU())),
		LoopBusy: share(all.busy, all.elapsed),
		WaitP50:  ms(percentile(all.waits, 50)), WaitP99: ms(percentile(all.waits, 99)), WaitMax: ms(percentile(all.waits, 100)),
		LateP99: ms(percentile(late, 99)), LongRound: ms(all.longest),
	}
}

func share(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part*1000/whole) / 1000
}

// The limits beyond which a load test takes the blame.
const (
	waitFloor   = time.Millisecond     // shorter waits in the kernel are nobody's
	lateLimit   = 5 * time.Millisecond // of a question that is due
	busyLimit   = 0.9                  // of the event loop
	idleLimit   = 0.05                 // of the machine
	ownLimit    = 0.25                 // of the machine, when nothing of it is idle
	longEnough  = time.Second          // a phase must last so long for the shares to mean anything
	partOfWaits = 10                   // waits may be a tenth of the figure they are part of
)

// doubts says where the load test was the bottleneck. figures are the slowest
// figure of each phase, late the sorted delays of the questions. The criteria:
//
//   - messages waited for it: the 99th percentile of how long they lay in the
//     kernel before they were read is over 1 ms and over a tenth of the phase's
//     slowest figure (handshake p99, check p99, last watcher told);
//   - its event loop was at work for more than 90 % of a phase of a second or more;
//   - its questions came late: the 99th percentile is over 5 ms;
//   - server and load test share this machine, less than 5 % of it was idle in a
//     phase of a second or more, and the load test took a quarter of it or more.
func (m *meter) doubts(figures map[Phase]time.Duration, late []time.Duration) []string {
	doubts := []string{}
	for _, phase := range []Phase{PhaseRamp, PhaseWatch, PhaseReveal} {
		s := m.spans[phase]
		if s == nil {
			continue
		}
		slices.Sort(s.waits)
		if wait := percentile(s.waits, 99); figures[phase] > 0 && wait > waitFloor && wait > figures[phase]/partOfWaits {
			doubts = append(doubts, fmt.Sprintf("%s: messages waited %v for the load test to read them (p99), of %v",
				phase, round(wait), round(figures[phase])))
		}
		if s.elapsed < longEnough {
			continue
		}
		if busy := share(s.busy, s.elapsed); busy > busyLimit {
			doubts = append(doubts, fmt.Sprintf("%s: the event loop of the load test was busy for %.0f %% of the time", phase, 100*busy))
		}
		machine := s.elapsed * time.Duration(runtime.NumCPU())
		if m.local && s.idleKnown && share(s.idle, machine) < idleLimit && share(s.own, machine) >= ownLimit {
			doubts = append(doubts, fmt.Sprintf("%s: no processor was idle, and the load test took %.0f %% of them", phase, 100*share(s.own, machine)))
		}
	}
	if p99 := percentile(late, 99); p99 > lateLimit {
		doubts = append(doubts, fmt.Sprintf("watch: questions were asked %v late (p99)", round(p99)))
	}
	return doubts
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
