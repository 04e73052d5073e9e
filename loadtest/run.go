package loadtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// Run does what the plan says and reports it. The error is about the plan or the
// gallery: bad input, an artwork that is not there, a process that cannot be
// read; it comes before a socket is opened. What the gallery does wrong is in
// the report. When ctx ends, so does the test, early and in good order.
func (p Plan) Run(ctx context.Context) (Report, error) {
	p, address, err := p.complete()
	if err != nil {
		return Report{}, err
	}
	if err := RequireFiles(p.Watchers); err != nil {
		return Report{}, err
	}
	t := &test{plan: p, house: visit(address, p.Token), began: time.Now()}
	defer t.house.leave()
	if t.work, err = t.house.look(ctx, p.Artwork); err != nil {
		return Report{}, err
	}
	if p.Reveal {
		if t.work.IsRevealed {
			return Report{}, fmt.Errorf("%q is revealed already", t.work.Title)
		}
		if err := t.house.isArtist(ctx, t.work); err != nil {
			return Report{}, err
		}
	}
	var server *process
	if p.PID != 0 {
		if server, err = openProcess(p.PID); err != nil {
			return Report{}, err
		}
	}
	t.ledger = newLedger(p, t.work)
	config := Config{
		Address: hostPort(address), Host: address.Host, Sockets: p.Watchers, Ramp: p.Ramp, Engine: p.Engine,
		Path:    func(int) string { return "/ws/artwork/" + t.work.ID + "/" },
		Retries: retriesOfWatchers, LagEvery: lagEvery,
		OnOpen: t.ledger.opened, OnMessage: t.ledger.message, OnClose: t.ledger.closed,
	}
	if address.Scheme == "https" {
		config.TLS = &tls.Config{ServerName: address.Hostname(), NextProtos: []string{"http/1.1"}}
	}
	if t.swarm, err = NewSwarm(config); err != nil {
		return Report{}, err
	}
	target, err := netip.ParseAddr(address.Hostname())
	t.meter = newMeter(t.swarm, server, address.Hostname() == "localhost" || err == nil && target.IsLoopback())
	return t.run(ctx)
}

// test is one run of a plan.
type test struct {
	plan   Plan
	house  house
	work   work
	ledger *ledger
	swarm  *Swarm
	meter  *meter
	asker  *asker
	began  time.Time

	mu    sync.Mutex
	phase Phase

	opening  time.Duration // how long the handshakes took
	watching time.Duration
	memory   int64 // of the server, with everybody there
	request  int64 // when revealing began, see Now
	answered int64 // and when it was answered
	trouble  error // why it was not
}

// run goes through the phases.
func (t *test) run(ctx context.Context) (Report, error) {
	// The sockets outlive ctx: what was asked is still answered.
	crowd, disperse := context.WithCancel(context.WithoutCancel(ctx))
	defer disperse()
	ended := make(chan error, 1)
	go func() { ended <- t.swarm.Run(crowd) }()
	stopTelling := t.tell()

	t.enter(PhaseRamp)
	t.ramp(ctx)
	t.meter.end(PhaseRamp)
	t.watch(ctx)
	t.enter(PhaseFinish)
	revealed := t.finish(ctx)

	stopTelling()
	counts := t.swarm.Counts()
	t.ledger.judge(revealed)
	report := t.report(counts, ctx.Err() != nil)
	disperse()
	if err := <-ended; err != nil {
		return report, err
	}
	if t.trouble != nil && !errors.Is(t.trouble, context.Canceled) {
		return report, fmt.Errorf("reveal the work: %w", t.trouble)
	}
	return report, nil
}

// ramp waits until every watcher is there, with its first status, or was given
// up.
func (t *test) ramp(ctx context.Context) {
	began := Now()
	select {
	case <-t.swarm.Settled():
	case <-ctx.Done():
	}
	t.await(ctx, t.plan.Patience, func(s standing) bool { return s.here >= s.open })
	t.ledger.mu.Lock()
	t.opening = max(0, time.Duration(t.ledger.lastOpened-began))
	t.ledger.mu.Unlock()
	if t.meter.server != nil {
		t.memory, _ = t.meter.server.memory() // gone with its process
	}
}

// watch has the watchers ask, and reveals in the middle of it.
func (t *test) watch(ctx context.Context) {
	t.asker = &asker{swarm: t.swarm, ledger: t.ledger, rate: t.plan.Rate}
	asking, stop := context.WithCancel(ctx)
	var asker sync.WaitGroup
	asker.Go(func() { t.asker.run(asking) })
	defer asker.Wait()
	defer stop()

	began := time.Now()
	defer func() { t.watching = time.Since(began) }()
	t.enter(PhaseWatch)
	if !t.plan.Reveal {
		pass(ctx, t.plan.Duration)
		t.meter.end(PhaseWatch)
		return
	}
	pass(ctx, t.plan.Duration/2)
	t.meter.end(PhaseWatch)
	if ctx.Err() != nil {
		return
	}
	t.enter(PhaseReveal)
	t.request, t.answered, t.trouble = t.house.reveal(ctx, t.work.ID)
	if t.trouble == nil {
		t.await(ctx, t.plan.Patience, func(s standing) bool { return s.unaware == 0 })
	}
	t.meter.end(PhaseReveal)
	t.enter(PhaseWatch)
	pass(ctx, t.plan.Duration-time.Since(began))
	t.meter.end(PhaseWatch)
}

// finish waits for what is still to come, and tells whether the work is
// revealed. Who interrupted does not want to wait long.
func (t *test) finish(ctx context.Context) (revealed bool) {
	patience := t.plan.Patience
	if ctx.Err() != nil {
		patience = min(patience, hurry)
	}
	late := context.WithoutCancel(ctx)
	t.await(late, patience, func(s standing) bool { return s.waiting == 0 && (s.heard == 0 || s.unaware == 0) })
	ask, cancel := context.WithTimeout(late, patience)
	defer cancel()
	if w, err := t.house.look(ask, t.work.ID); err == nil {
		revealed = w.IsRevealed
	}
	revealed = revealed || t.ledger.stand().heard > 0
	if revealed {
		t.await(late, patience, func(s standing) bool { return s.unaware == 0 })
	}
	return revealed
}

// hurry is the patience of whoever pressed Ctrl-C.
const hurry = 2 * time.Second

// await looks every few milliseconds whether it has come to something, until
// patience or ctx ends.
func (t *test) await(ctx context.Context, patience time.Duration, so func(standing) bool) {
	deadline := time.Now().Add(patience)
	for ctx.Err() == nil && !so(t.ledger.stand()) && time.Now().Before(deadline) {
		pass(ctx, 5*time.Millisecond)
	}
}

// pass lets time pass.
func pass(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// byName is a count by number as JSON wants it, by text.
func byName(counts map[int]int64) map[string]int64 {
	named := map[string]int64{}
	for n, count := range counts {
		named[strconv.Itoa(n)] = count
	}
	return named
}
