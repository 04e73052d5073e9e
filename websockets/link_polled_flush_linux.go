package websockets

import "time"

// flush writes what waits, as far as the peer takes it now. The caller holds the
// lock; there is a queue.
func (l *polledLink) flush() {
	for q := l.queue; len(q.items) > 0; {
		n, err := l.tryWrite(q.items[0])
		if err != nil {
			l.breakLocked()
			return
		}
		if n == 0 {
			return
		}
		q.took(n)
		q.tookAt = l.engine.now()
	}
	l.queue.release()
	l.queue = nil
	switch l.phase {
	case phaseOpen:
		if l.held {
			l.watch() // what is there to be read is announced again
		}
	case phaseClosing:
		l.saidLocked()
	}
}

// arm sets the timer to when somebody has to look at the connection although
// nothing has happened to it. The caller holds the lock.
func (l *polledLink) arm() {
	var at time.Duration
	switch {
	case l.phase == phaseSaid:
		at = l.endBy
	case l.queue == nil || l.phase == phaseBroken:
		return
	case l.phase == phaseClosing:
		at = min(l.endBy, l.engine.now()+retryEvery)
	default:
		at = min(l.queue.tookAt+l.engine.cfg.WriteTimeout, l.engine.now()+retryEvery)
	}
	after := at - l.engine.now()
	if l.timer == nil {
		l.timer = time.AfterFunc(after, l.elapsed)
	} else {
		l.timer.Reset(after)
	}
}

// elapsed is called when the timer has run out, or has been set anew since.
func (l *polledLink) elapsed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue != nil && l.phase < phaseSaid {
		l.flush()
	}
	now := l.engine.now()
	switch {
	case l.phase == phaseOpen && l.queue != nil && now >= l.queue.tookAt+l.engine.cfg.WriteTimeout:
		l.closeLocked(CloseTooSlow, "too slow")
		return
	case l.phase == phaseClosing && now >= l.endBy:
		l.resetLocked()
		return
	case l.phase == phaseSaid && now >= l.endBy:
		l.breakLocked()
		return
	}
	l.arm()
}
