package loadtest

import "time"

// report puts together what was measured. The ledger has been judged.
func (t *test) report(c Counts, interrupted bool) Report {
	l := t.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	asked, skipped, late := t.asker.result()
	r := Report{
		URL: t.house.url.String(), Artwork: t.work.ID, Watchers: t.plan.Watchers,
		RampSeconds: t.plan.Ramp.Seconds(), Rate: t.plan.Rate, WatchSeconds: t.watching.Round(time.Millisecond).Seconds(),
		Engine: t.swarm.EngineName(), Interrupted: interrupted,
		Handshakes: Handshakes{
			Opened: c.Opened,
			P50:    ms(percentile(l.handshakes, 50)), P99: ms(percentile(l.handshakes, 99)), Max: ms(percentile(l.handshakes, 100)),
			Refused: byName(c.Refused), Failed: c.Failed, Failures: c.Failures, MostRefused: c.MostRefused,
			Missing: int64(t.plan.Watchers) - c.Opened,
		},
		Checks: Checks{
			Asked: asked, Answered: l.answered, Skipped: skipped,
			P50: ms(percentile(l.answers, 50)), P99: ms(percentile(l.answers, 99)), Max: ms(percentile(l.answers, 100)),
		},
		Reveal: t.revealTime(),
		Closed: byName(c.Closed), Faults: l.faults, Examples: append([]string{}, l.examples...),
		Server: t.meter.cost(t.plan.PID, c.Opened, t.memory),
		Self:   t.meter.self(late),
	}
	r.Handshakes.PerSecond = perSecond(c.Opened, t.opening)
	r.Checks.PerSecond = perSecond(l.answered, t.watching)
	figures := map[Phase]time.Duration{PhaseRamp: percentile(l.handshakes, 99), PhaseWatch: percentile(l.answers, 99)}
	if r.Reveal != nil {
		figures[PhaseReveal] = time.Duration(r.Reveal.Last * float64(time.Millisecond))
	}
	r.Bottleneck = t.meter.doubts(figures, late)
	r.OK = r.Err() == nil
	return r
}

// revealTime is how the reveal reached the watchers, nil when it reached nobody.
func (t *test) revealTime() *RevealTime {
	heard := t.ledger.heard
	if len(heard) == 0 {
		return nil
	}
	r := &RevealTime{Since: "first", Told: len(heard)}
	origin := heard[0]
	if t.request != 0 && t.trouble == nil {
		r.Since, origin = "request", t.request
		r.Answered = ms(time.Duration(t.answered - origin))
	}
	at := func(p float64) float64 { return ms(time.Duration(percentile(heard, p) - origin)) }
	r.First, r.Median, r.P99, r.Last = ms(time.Duration(heard[0]-origin)), at(50), at(99), at(100)
	return r
}

// perSecond is a count divided by the time it took, to one decimal.
func perSecond(count int64, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(int64(float64(count)/took.Seconds()*10+0.5)) / 10
}
