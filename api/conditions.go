package api

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"invisibleart.example/gallery"
)

// conditionShape is a reveal condition as it is written on the wire.
type conditionShape struct {
	ID       string                  `json:"id"`
	Type     gallery.ConditionType   `json:"condition_type"`
	Value    map[gallery.Measure]any `json:"condition_value"`
	IsMet    bool                    `json:"is_met"`
	Progress gallery.Progress        `json:"progress"`
}

func shapeCondition(c gallery.Condition) conditionShape {
	shape := conditionShape{ID: c.ID, Type: c.Measure.Type(), IsMet: c.IsMet, Progress: c.Progress()}
	if c.Measure == gallery.MeasureTime {
		shape.Value = map[gallery.Measure]any{c.Measure: stamp(c.RevealAt)}
	} else {
		shape.Value = map[gallery.Measure]any{c.Measure: c.Target}
	}
	return shape
}

// measures lists what a condition of each type may measure: the keys of its
// value, exactly one of which is given.
func measures(t gallery.ConditionType) []gallery.Measure {
	switch t {
	case gallery.TypeTime:
		return []gallery.Measure{gallery.MeasureTime}
	case gallery.TypeViewCount:
		return []gallery.Measure{gallery.MeasureViews}
	case gallery.TypeInteractive:
		return []gallery.Measure{gallery.MeasureComments, gallery.MeasureReactions, gallery.MeasureConcurrentViewers}
	default:
		return nil
	}
}

// readConditions reads the list of conditions at a location. What has the
// right form is returned, whether it makes sense (a time to come, a count
// above 0, not too many) is the curator's to say; a condition that has not is
// noted in problems and stands in the list as a zero value, so that the
// others keep their numbers.
func readConditions(value any, at string, problems *[]gallery.FieldError) []gallery.Condition {
	items, ok := value.([]any)
	if !ok {
		*problems = append(*problems, gallery.FieldError{Location: at, Message: "must be a list of conditions"})
		return nil
	}
	conditions := make([]gallery.Condition, len(items))
	for i, item := range items {
		before := len(*problems)
		c := readCondition(item, at+"["+strconv.Itoa(i)+"]", problems)
		if len(*problems) == before {
			conditions[i] = c
		}
	}
	return conditions
}

func readCondition(value any, at string, problems *[]gallery.FieldError) (c gallery.Condition) {
	f, ok := objectAt(value, at, problems)
	if !ok {
		return c
	}
	defer f.done()
	kind, typed := f.require("condition_type")
	inner, valued := f.require("condition_value")
	text, _ := kind.(string)
	known := measures(gallery.ConditionType(text))
	if typed && known == nil {
		f.wrong("condition_type", "must be time, view_count or interactive")
	}
	if known == nil || !valued {
		return c
	}
	v, ok := objectAt(inner, join(at, "condition_value"), problems)
	if !ok {
		return c
	}
	defer v.done()
	given := slices.DeleteFunc(slices.Clone(known), func(m gallery.Measure) bool {
		_, there := v.get(string(m))
		return !there
	})
	if len(given) != 1 {
		v.note(v.at, "must have exactly one of "+names(known))
		return c
	}
	c.Measure = given[0]
	measured := v.values[string(c.Measure)]
	if c.Measure == gallery.MeasureTime {
		c.RevealAt = v.instant(string(c.Measure), measured)
	} else {
		c.Target = v.whole(string(c.Measure), measured)
	}
	return c
}

func names(measures []gallery.Measure) string {
	texts := make([]string, len(measures))
	for i, m := range measures {
		texts[i] = string(m)
	}
	return strings.Join(texts, ", ")
}

// instant is a time with its offset (RFC 3339). One without would mean
// something else in every place.
func (f fields) instant(name string, value any) (t time.Time) {
	text, ok := value.(string)
	if !ok || t.UnmarshalText([]byte(text)) != nil {
		f.wrong(name, "must be a time with an offset, such as 2030-01-31T18:00:00Z")
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
