package gallery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Conditions as they are written on the wire (docs/protocol.md, "Reveal
// conditions"): a list of
//
//	{"condition_type": "time", "condition_value": {"reveal_at": "2030-01-31T18:00:00Z"}}
//	{"condition_type": "view_count", "condition_value": {"count": 10}}
//	{"condition_type": "interactive", "condition_value": {"comment_count": 3}}

// conditionsField is where every location of a refused condition begins.
const conditionsField = "reveal_conditions"

// Value is the condition's value as it is written on the wire, ready for
// encoding/json: its one key is the measure.
func (c Condition) Value() map[Measure]any {
	if c.Measure == MeasureTime {
		return map[Measure]any{c.Measure: Timestamp(c.RevealAt)}
	}
	return map[Measure]any{c.Measure: c.Target}
}

// ParseConditions reads a JSON list of conditions, none of them met yet and
// all of them without ID. It refuses with an *Error Invalid that names every
// wrong place at once, such as reveal_conditions[0].condition_value.count: no
// list, one that is empty or longer than MaxConditions, an unknown, missing or
// repeated key, an unknown type, a number that is not whole or not from 1 to
// 2⁵³, a time without zone or not after now. Beside the error stand the
// conditions that are right, at their index, for whoever goes on to look for
// other mistakes; the wrong ones are zero.
func ParseConditions(data []byte, now time.Time) ([]Condition, error) {
	var items []json.RawMessage
	switch {
	case !utf8.Valid(data):
		return nil, InvalidField(conditionsField, "must be valid UTF-8")
	case json.Unmarshal(data, &items) != nil || items == nil: // null leaves it nil
		return nil, InvalidField(conditionsField, "must be a JSON list of conditions")
	case len(items) == 0:
		return nil, InvalidField(conditionsField, "must hold at least one condition")
	case len(items) > MaxConditions:
		return nil, InvalidField(conditionsField, "must hold at most %d conditions", MaxConditions)
	}
	r := conditionReader{now: now}
	conditions := make([]Condition, len(items))
	for i, item := range items {
		before := len(r.wrong)
		if c := r.condition(fmt.Sprintf("%s[%d]", conditionsField, i), item); len(r.wrong) == before {
			conditions[i] = c
		}
	}
	if len(r.wrong) > 0 {
		return conditions, InvalidFields(r.wrong...)
	}
	return conditions, nil
}

// conditionReader collects what is wrong while it reads.
type conditionReader struct {
	now   time.Time
	wrong []FieldError
}

func (r *conditionReader) refuse(location, format string, args ...any) {
	r.wrong = append(r.wrong, FieldError{Location: location, Message: fmt.Sprintf(format, args...)})
}

func (r *conditionReader) condition(at string, raw json.RawMessage) Condition {
	fields := r.object(at, raw, "condition_type", "condition_value")
	for _, key := range []string{"condition_type", "condition_value"} {
		if fields != nil && fields[key] == nil {
			r.refuse(at+"."+key, "is missing")
		}
	}
	if fields["condition_type"] == nil {
		return Condition{}
	}
	var kind ConditionType
	var known []string
	if json.Unmarshal(fields["condition_type"], &kind) == nil {
		known = kind.keys()
	}
	if known == nil {
		r.refuse(at+".condition_type", "must be %s, %s or %s", TypeTime, TypeViewCount, TypeInteractive)
		return Condition{}
	}
	if fields["condition_value"] == nil {
		return Condition{}
	}
	return r.value(at+".condition_value", fields["condition_value"], known)
}

// keys are those a condition's value may have, exactly one of them; nil for an
// unknown type.
func (t ConditionType) keys() (keys []string) {
	for _, m := range measures() {
		if m.Type() == t {
			keys = append(keys, string(m))
		}
	}
	return keys
}

func (r *conditionReader) value(at string, raw json.RawMessage, known []string) (c Condition) {
	fields := r.object(at, raw, known...)
	if fields == nil {
		return c
	}
	if len(fields) != 1 {
		if len(known) == 1 {
			r.refuse(at+"."+known[0], "is missing")
		} else {
			r.refuse(at, "must hold exactly one of %s", strings.Join(known, ", "))
		}
		return c
	}
	for key, raw := range fields {
		c.Measure = Measure(key)
		read := r.target
		if c.Measure == MeasureTime {
			read = r.instant
		}
		problem := read(&c, raw)
		if problem == "" {
			problem = c.Refusal(r.now)
		}
		if problem != "" {
			r.refuse(at+"."+key, "%s", problem)
		}
	}
	return c
}

// object reads a JSON object that may hold the known keys, and returns those
// it holds; nil when it is no object. Keys are compared exactly: encoding/json
// would take "Count" for "count", and the last of two.
func (r *conditionReader) object(at string, raw json.RawMessage, known ...string) map[string]json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if open, _ := decoder.Token(); open != json.Delim('{') {
		r.refuse(at, "must be a JSON object")
		return nil
	}
	fields := map[string]json.RawMessage{}
	for decoder.More() {
		// The whole text was found to be JSON before: nothing fails from here.
		token, _ := decoder.Token()
		var value json.RawMessage
		_ = decoder.Decode(&value)
		key, _ := token.(string)
		switch {
		case !slices.Contains(known, key):
			r.refuse(at+"."+clip(key), "is not known here")
		case fields[key] != nil:
			r.refuse(at+"."+key, "is given twice")
		default:
			fields[key] = value
		}
	}
	return fields
}

func (r *conditionReader) target(c *Condition, raw json.RawMessage) (problem string) {
	// Digits only: 1.0 and 1e3 are whole numbers to some readers, and not to
	// the original.
	if strings.Trim(string(raw), "-0123456789") != "" {
		return "must be a whole number"
	}
	// Out of range it is the nearest number there is, which Refusal refuses.
	c.Target, _ = strconv.ParseInt(string(raw), 10, 64)
	return ""
}

// timeForm is RFC 3339 section 5.6, its zone left open. The time package alone
// would also take a one-digit hour, and a comma for the point.
var timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)

func (r *conditionReader) instant(c *Condition, raw json.RawMessage) (problem string) {
	var text string
	_ = json.Unmarshal(raw, &text)
	text = strings.ToUpper(text) // t and z are allowed in lower case
	form := timeForm.FindStringSubmatch(text)
	naive := form != nil && form[2] == ""
	if naive {
		text += "Z"
	}
	t, err := time.Parse(time.RFC3339, text)
	switch {
	case form == nil || err != nil:
		return "must be a time in the form of RFC 3339, such as 2030-01-31T18:00:00Z"
	case naive:
		return "must say its time zone, as in 2030-01-31T18:00:00Z or 2030-01-31T18:00:00+01:00"
	}
	c.RevealAt = t.UTC().Truncate(time.Microsecond) // as it is stored
	return ""
}

// clip keeps a stranger's key from filling the answer that refuses it.
func clip(key string) string {
	if runes := []rune(key); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return key
}
