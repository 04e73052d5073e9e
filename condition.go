package gallery

import (
	"slices"
	"strconv"
	"time"
)

// ConditionType is the kind of a condition as it is written on the wire.
type ConditionType string

// The types of conditions.
const (
	TypeTime        ConditionType = "time"
	TypeViewCount   ConditionType = "view_count"
	TypeInteractive ConditionType = "interactive"
	TypeLocation    ConditionType = "location" // of imported works alone: nobody can set one
)

// Measure is what a condition measures; it fixes the condition's type.
type Measure string

// The measures. Each but MeasureTime is also the key of the condition's value
// on the wire ("count" for MeasureViews).
const (
	MeasureTime              Measure = "reveal_at"
	MeasureViews             Measure = "count"
	MeasureComments          Measure = "comment_count"
	MeasureReactions         Measure = "reaction_count"
	MeasureConcurrentViewers Measure = "concurrent_viewers"

	// MeasureLocation stands for a place to be at, which a gallery that was
	// imported could ask for. Nothing is measured here, so what is not met
	// stays unmet until the artist sets other conditions.
	MeasureLocation Measure = "location"
)

// Type is the type of the conditions with this measure.
func (m Measure) Type() ConditionType {
	switch m {
	case MeasureTime:
		return TypeTime
	case MeasureViews:
		return TypeViewCount
	case MeasureLocation:
		return TypeLocation
	default:
		return TypeInteractive
	}
}

// measures lists all that can be set.
func measures() []Measure {
	return []Measure{MeasureTime, MeasureViews, MeasureComments, MeasureReactions, MeasureConcurrentViewers}
}

// IsKnown tells whether a condition may be set that measures this.
func (m Measure) IsKnown() bool { return slices.Contains(measures(), m) }

// RevealWhen says how many of an artwork's conditions must be met.
type RevealWhen string

// The two ways to combine conditions.
const (
	RevealAny RevealWhen = "any" // the first met condition reveals; the default
	RevealAll RevealWhen = "all"
)

// IsKnown tells whether there is such a way.
func (w RevealWhen) IsKnown() bool { return w == RevealAny || w == RevealAll }

// MaxConditions is how many conditions an artwork may have.
const MaxConditions = 10

// Condition is one thing an artwork waits for. Conditions latch: once met they
// stay met, and Current is the highest value ever seen, so a comment that is
// deleted takes nothing back.
type Condition struct {
	ID       string
	Measure  Measure
	RevealAt time.Time // for MeasureTime: the instant
	Target   int64     // for the others: the number to reach, at least 1
	Current  int64     // for the others: the high-water mark, at most Target
	IsMet    bool
}

// maxTarget is the largest number a JavaScript client reads exactly.
const maxTarget = 1 << 53

// Refusal tells why nobody may set such a condition at now, in words that fit
// behind the location of its value; "" when it may be set. What was set stays,
// whatever Refusal would say of it later.
func (c Condition) Refusal(now time.Time) string {
	if c.Measure == MeasureTime {
		switch {
		case c.RevealAt.UTC().Year() > 9999: // nothing could print it
			return "must be before the year 10000"
		case !c.RevealAt.After(now):
			return "must be in the future"
		}
		return ""
	}
	switch {
	case c.Target < 1:
		return "must be at least 1"
	case c.Target > maxTarget:
		return "must be at most " + strconv.FormatInt(maxTarget, 10)
	}
	return ""
}

// Progress is how far a condition has come. For a time it is 0 of 1 until the
// instant, 1 of 1 after; clients count down to reveal_at by themselves.
type Progress struct {
	Current int64 `json:"current"`
	Target  int64 `json:"target"`
}

// Progress tells how far the condition has come.
func (c Condition) Progress() Progress {
	if c.Measure != MeasureTime {
		return Progress{Current: c.Current, Target: c.Target}
	}
	if c.IsMet {
		return Progress{Current: 1, Target: 1}
	}
	return Progress{Target: 1}
}

// Tally is what is known of an artwork at one instant, the act that is being
// judged included: the third comment is judged with Comments at 3.
type Tally struct {
	Now               time.Time
	Views             int64 // distinct signed-in viewers
	Comments          int64 // comments that stand
	Reactions         int64 // distinct people who reacted
	ConcurrentViewers int64 // distinct signed-in people with an open socket
}

// judge returns the condition as it stands after the tally.
func (c Condition) judge(t Tally) Condition {
	if c.IsMet {
		return c
	}
	if c.Measure == MeasureTime {
		c.IsMet = !t.Now.Before(c.RevealAt)
		return c
	}
	c.Current = max(c.Current, min(t.of(c.Measure), c.Target))
	c.IsMet = c.Current >= c.Target
	return c
}

// of is the tally's number for a measure. An unknown measure, as a newer
// program may have stored, counts nothing and so is never met.
func (t Tally) of(m Measure) int64 {
	switch m {
	case MeasureViews:
		return t.Views
	case MeasureComments:
		return t.Comments
	case MeasureReactions:
		return t.Reactions
	case MeasureConcurrentViewers:
		return t.ConcurrentViewers
	default:
		return 0
	}
}

// Judge returns the conditions as they stand after the tally, in a slice of
// its own, and whether they reveal the artwork. Every act judges every
// condition. An artwork without conditions never reveals by itself.
func Judge(when RevealWhen, conditions []Condition, t Tally) (judged []Condition, reveal bool) {
	judged = make([]Condition, len(conditions))
	met := 0
	for i, c := range conditions {
		judged[i] = c.judge(t)
		if judged[i].IsMet {
			met++
		}
	}
	if when == RevealAll {
		return judged, met > 0 && met == len(judged)
	}
	return judged, met > 0
}
