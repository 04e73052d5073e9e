package curator

import (
	"fmt"
	"time"

	"invisibleart.example/gallery"
)

// when checks how conditions are combined.
func (p *places) when(when gallery.RevealWhen) gallery.RevealWhen {
	if !when.IsKnown() && !p.has("reveal_when") {
		p.add("reveal_when", "must be any or all")
	}
	return when
}

// conditions checks a whole list of conditions and returns it as it is stored:
// with ids of its own and nothing met or counted yet.
func (p *places) conditions(list []gallery.Condition, now time.Time) []gallery.Condition {
	const location = "reveal_conditions"
	if len(list) == 0 && !p.has(location) {
		p.add(location, "must hold at least one condition")
	}
	if len(list) > gallery.MaxConditions {
		p.add(location, "must hold at most %d conditions", gallery.MaxConditions)
		return nil
	}
	stored := make([]gallery.Condition, 0, len(list))
	for i, c := range list {
		at := fmt.Sprintf("%s[%d]", location, i)
		if p.has(at) {
			continue
		}
		condition := gallery.Condition{
			ID: newID(), Measure: c.Measure, Target: c.Target, RevealAt: c.RevealAt.UTC().Truncate(time.Microsecond),
		}
		if !c.Measure.IsKnown() {
			p.add(at+".condition_type", "is not a known condition")
		} else if problem := condition.Refusal(now); problem != "" {
			p.add(at+".condition_value."+string(c.Measure), "%s", problem)
		}
		stored = append(stored, condition)
	}
	return stored
}
