package api

import (
	"encoding/json"
	"errors"

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
	return conditionShape{ID: c.ID, Type: c.Measure.Type(), Value: c.Value(), IsMet: c.IsMet, Progress: c.Progress()}
}

// readConditions has the domain read a JSON list of conditions. What is wrong
// is noted in problems; a wrong condition stands in the list as a zero value,
// so that the others keep their numbers.
func (a *api) readConditions(text []byte, problems *[]gallery.FieldError) []gallery.Condition {
	conditions, err := gallery.ParseConditions(text, a.Now())
	if refusal, ok := errors.AsType[*gallery.Error](err); ok {
		*problems = append(*problems, refusal.Fields...)
	}
	return conditions
}

// encodeAgain is the JSON of a value that parseJSON has read.
func encodeAgain(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it came out of JSON: a broken program, not a broken body
	}
	return text
}
