package demo

import "time"

// kind is a sort of work: what it waits for, and how much the crowd is drawn
// to it.
type kind struct {
	name       string // as a sentence goes on after "it reveals"
	when       string // any or all
	conditions func(now time.Time, p Pace) []condition
	byHand     bool // its artist reveals it at once
	fresh      bool // a successor is hung when it has been revealed
	patient    bool // the successor may wait until the crowd has looked
	appeal     int  // how often the crowd turns to it, 1 being rarely
}

// kinds are the works that hang at any time, each kind once, in the order they
// are hung.
func kinds() []kind {
	fixed := func(list ...condition) func(time.Time, Pace) []condition {
		return func(time.Time, Pace) []condition { return list }
	}
	return []kind{
		{name: "was revealed by its artist's hand", when: "any", conditions: fixed(views(1000)), byHand: true, appeal: 2},
		{name: "at a set time", when: "any", fresh: true, appeal: 3, conditions: func(now time.Time, p Pace) []condition {
			return []condition{at(now.Add(p.Clock))}
		}},
		{name: "at ten viewers", when: "any", conditions: fixed(views(10)), fresh: true, patient: true, appeal: 8},
		{name: "at three comments", when: "any", conditions: fixed(comments(3)), fresh: true, patient: true, appeal: 4},
		{name: "at six viewers and two comments, both", when: "all", conditions: fixed(views(6), comments(2)), fresh: true, patient: true, appeal: 4},
		{name: "was revealed by its artist's hand", when: "any", conditions: fixed(comments(100)), byHand: true, appeal: 2},
		{name: "at thirty viewers or after a while, whichever is first", when: "any", fresh: true, patient: true, appeal: 2, conditions: func(now time.Time, p Pace) []condition {
			return []condition{views(30), at(now.Add(7 * p.Clock))}
		}},
		{name: "at a hundred viewers", when: "any", conditions: fixed(views(100)), appeal: 2},
		{name: "a day from now", when: "any", appeal: 1, conditions: func(now time.Time, _ Pace) []condition {
			return []condition{at(now.Add(24 * time.Hour))}
		}},
	}
}
