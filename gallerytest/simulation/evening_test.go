package simulation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"invisibleart.example/gallery"
)

// happen has people do things and things go wrong, in any order, for as long as
// the evening is lively. What takes longer counts into acts.
func (s *sim) happen(acts *sync.WaitGroup) {
	works := s.world.works()
	end := time.Now().Add(lively)
	for i := 0; time.Now().Before(end); i++ {
		time.Sleep(s.between(time.Microsecond, lively/50))
		switch s.pick(12) {
		case 0, 1:
			v := s.visitors[s.pick(len(s.visitors))]
			acts.Go(v.act)
		case 2:
			if s.oneIn(4) {
				v := s.visitors[s.pick(len(s.visitors))]
				acts.Go(v.hangUp)
			}
		case 3, 4, 5:
			if s.pick(3) < s.rough {
				s.mar(acts)
			}
		default:
			s.act(acts, i, works)
		}
	}
}

// mar has one thing go wrong.
func (s *sim) mar(acts *sync.WaitGroup) {
	n := s.nodes[s.pick(len(s.nodes))]
	switch s.pick(6) {
	case 0:
		acts.Go(n.crash)
		s.later(acts, n.start)
	case 1:
		acts.Go(func() {
			n.stop()
			n.start()
		})
	case 2:
		// The exchange itself, or the store, or both: for all of them.
		for _, n := range s.nodes {
			s.fray(acts, n)
		}
	default:
		s.fray(acts, n)
	}
}

// later does something within three seconds, and before the evening settles
// or then.
func (s *sim) later(acts *sync.WaitGroup, what func()) {
	pause := s.between(time.Millisecond, 3*time.Second)
	acts.Go(func() {
		time.Sleep(pause)
		what()
	})
}

// fray has something between a node and what it leans on go wrong for a while.
func (s *sim) fray(acts *sync.WaitGroup, n *node) {
	l := n.alive()
	if l == nil {
		return
	}
	switch s.pick(3) {
	case 0:
		s.note("%s is cut off", l.name)
		l.link.set(func(l *link) { l.cut = true })
		s.later(acts, func() {
			s.note("%s is back", l.name)
			l.link.set(func(l *link) { l.cut = false })
		})
	case 1:
		s.note("%s is deaf", l.name)
		l.link.set(func(l *link) { l.deaf = true })
		s.later(acts, func() {
			s.note("%s hears again", l.name)
			l.link.set(func(l *link) { l.deaf = false })
		})
	default:
		s.note("%s loses the store", l.name)
		l.setAway(true)
		s.later(acts, func() {
			s.note("%s finds the store", l.name)
			l.setAway(false)
		})
	}
}

// act has somebody do something on some node, and keeps in mind whether it was
// acknowledged.
func (s *sim) act(acts *sync.WaitGroup, i int, works []string) {
	l := s.anyNode()
	if l == nil {
		return
	}
	at := s.pick(len(works))
	work, fan := works[at], fans[s.pick(len(fans))]
	kind, what := "comment", func(ctx context.Context) error { return l.keeper.comment(ctx, fan, work) }
	switch s.pick(24) {
	case 0, 1, 2:
		kind, what = "announcement", func(ctx context.Context) error { return l.keeper.announce(ctx, fmt.Sprint("notice ", i)) }
	case 3, 4:
		who := slices.Concat(fans, artists, artists)[s.pick(len(fans)+2*len(artists))]
		kind, what = "sign-out of "+who, func(ctx context.Context) error { return l.keeper.signOut(ctx, who) }
	case 5, 6:
		kind, what = "reveal", func(ctx context.Context) error { return l.keeper.reveal(ctx, work) }
	case 7:
		kind, what = "removal", func(ctx context.Context) error { return l.keeper.remove(ctx, work) }
	case 8, 9, 10, 11:
		kind, what = "look", func(ctx context.Context) error { return l.keeper.look(ctx, fan, work) }
	}
	acts.Go(func() {
		s.crowd(acts, kind, works[at])
		err := l.do(context.Background(), what)
		s.note("%s: %s of work %d: %v", l.name, kind, at, err)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch gallery.CodeOf(err) {
		case "":
			s.acked[kind+artistOf(at)]++
		case gallery.Unavailable: // before it was done, or after
			s.unknown[kind+artistOf(at)]++
		}
	})
}

// crowd has others do something in the same moment, which is when it matters:
// ask how the work stands, come to it while it is being revealed, or come back
// while they are being signed out.
func (s *sim) crowd(acts *sync.WaitGroup, kind, work string) {
	_, signedOut, _ := strings.Cut(kind, "sign-out of ")
	revealed, _ := s.world.state(work)
	came := signedOut != ""
	for _, v := range s.visitors {
		pause := s.between(0, 30*time.Millisecond)
		var name string
		switch v := v.(type) {
		case *watcher:
			name = v.name
			if v.work == work && s.pick(2) == 0 {
				acts.Go(func() {
					time.Sleep(pause)
					v.act()
				})
			}
			if v.work == work && !revealed && s.oneIn(4) {
				came = true
				v.hangUp()
			}
		case *listener:
			name = v.name
		}
		if name != "" && name == signedOut && s.pick(2) == 0 {
			v.hangUp()
		}
	}
	if came {
		time.Sleep(s.between(0, 300*time.Millisecond))
	}
}

// judge holds what everybody has heard against what is committed, and that
// against what was acknowledged.
func (s *sim) judge() {
	if n := s.world.outbox(); n > 0 {
		s.fault("%d events wait to be told", n)
	}
	for _, artist := range artists {
		comments := 0
		for i, n := range s.world.inbox(artist) {
			if n.Seq != int64(i+1) {
				s.fault("the inbox of %s has %d in place of %d", artist, n.Seq, i+1)
			}
			if n.Data.Type == gallery.NewComment {
				comments++
			}
		}
		least := s.acked["comment"+artist]
		if most := least + s.unknown["comment"+artist]; comments < least || comments > most {
			s.fault("the inbox of %s has %d comments, want %d to %d", artist, comments, least, most)
		}
	}
	announced, least := len(s.world.announcements()), 0
	most := 0
	for _, artist := range artists {
		least += s.acked["announcement"+artist]
		most += s.acked["announcement"+artist] + s.unknown["announcement"+artist]
	}
	if announced < least || announced > most {
		s.fault("there are %d announcements, want %d to %d", announced, least, most)
	}
	for _, v := range s.visitors {
		v.judge()
	}
	s.judgeCrowds()
}

// judgeCrowds: each node counts before each work exactly the watchers that have
// their socket open there, and as a person only who is still signed in.
func (s *sim) judgeCrowds() {
	want := map[*life]map[place]int{}
	for _, v := range s.visitors {
		w, ok := v.(*watcher)
		if !ok {
			continue
		}
		wire, token := w.current()
		if wire == nil {
			continue
		}
		p := place{work: w.work}
		if w.name != "" && s.world.holds(token) {
			p.user = w.name
		}
		if want[wire.node] == nil {
			want[wire.node] = map[place]int{}
		}
		want[wire.node][p]++
	}
	for _, n := range s.nodes {
		l := n.alive()
		got := map[place]int{}
		l.mu.Lock()
		for p, n := range l.crowd {
			got[p] = n
		}
		l.mu.Unlock()
		for p, n := range want[l] {
			if got[p] != n {
				s.fault("%s counts %d of %q before work %s, want %d", l.name, got[p], p.user, p.work, n)
			}
		}
		for p, n := range got {
			if want[l][p] == 0 {
				s.fault("%s counts %d of %q before work %s, want none", l.name, n, p.user, p.work)
			}
		}
	}
}
