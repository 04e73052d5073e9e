package django

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"invisibleart.example/gallery"
)

// conditions reads what a work waits for, and when it was revealed.
func (m *move) conditions(ctx context.Context, w *work) error {
	table := "artworks_revealcondition"
	columns := []string{"id", "condition_type", "condition_value", "is_met", "updated_at"}
	var met []time.Time
	err := m.from.records(ctx, table, "WHERE artwork_id = "+m.from.param(table, "artwork_id")+" ORDER BY "+table+".created_at, "+table+".id",
		[]any{w.row["id"]}, columns, func(r record) error {
			isMet := truth(r["is_met"])
			if isMet {
				met = append(met, m.firstTime(r["updated_at"]))
			}
			c, ok := m.condition(w, r)
			if !ok {
				return nil
			}
			c.ID, _ = idOf(Conditions, r["id"])
			c.IsMet = isMet
			if isMet && c.Measure != gallery.MeasureTime {
				c.Current = c.Target // it counted what is not counted here, such as anonymous views
			}
			w.art.Conditions = append(w.art.Conditions, c)
			w.report.count(Conditions, Count{Imported: 1})
			return nil
		})
	if err != nil {
		return err
	}
	if truth(w.row["is_revealed"]) {
		w.art.RevealedAt = m.revealedAt(w, met)
	} else if len(w.art.Conditions) == 0 {
		w.report.note(Artworks, w.row["id"], "hidden without a condition: only its artist reveals it, or gives it one", "")
	}
	return nil
}

// revealedAt is when the first condition was met, which any one reveals; for a
// work that was revealed otherwise, when its row was last written.
func (m *move) revealedAt(w *work, met []time.Time) time.Time {
	at := w.art.UpdatedAt
	for i, t := range met {
		if i == 0 || t.Before(at) {
			at = t
		}
	}
	if now := m.now().UTC().Truncate(time.Microsecond); at.After(now) {
		at = now
	}
	if at.Before(w.art.CreatedAt) {
		at = w.art.CreatedAt
	}
	return at
}

// condition reads one condition, or reports why it is left out.
func (m *move) condition(w *work, r record) (c gallery.Condition, ok bool) {
	value, problem := valueOf(r["condition_value"])
	leave := func(why string) (gallery.Condition, bool) {
		w.report.leave(Conditions, r["id"], why, "of artwork "+w.row["id"]+": "+r["condition_type"]+" "+firstRunes(r["condition_value"], 200))
		return gallery.Condition{}, false
	}
	key := ""
	switch kind := gallery.ConditionType(strings.ToLower(strings.TrimSpace(r["condition_type"]))); kind {
	case gallery.TypeLocation:
		// What it asked for is of no use here; that it asks keeps the work from
		// becoming one without conditions.
		w.report.note(Conditions, r["id"], "a location cannot be measured here: what is not met stays unmet",
			"of artwork "+w.row["id"]+": "+firstRunes(r["condition_value"], 200))
		return gallery.Condition{Measure: gallery.MeasureLocation, Target: 1}, true
	case gallery.TypeTime:
		key = string(gallery.MeasureTime)
	case gallery.TypeViewCount:
		key = string(gallery.MeasureViews)
	case gallery.TypeInteractive:
		key = string(gallery.MeasureComments)
	default:
		return leave("a type that is not known here")
	}
	if problem != "" {
		return leave(problem)
	}
	text, found := value[key]
	if !found {
		return leave("its value has no " + key)
	}
	if len(value) > 1 {
		w.report.change(Conditions, r["id"], "more in its value than is looked at here", firstRunes(r["condition_value"], 200))
	}
	c.Measure = gallery.Measure(key)
	if c.Measure == gallery.MeasureTime {
		if c.RevealAt, ok = instant(text, m.zone); !ok {
			return leave("its reveal_at is no time")
		}
		return c, true
	}
	n, ok := wholeNumber(text)
	if !ok {
		return leave("its " + key + " is no whole number")
	}
	c.Target = n
	if n < 1 {
		// Met by the first act that judged it; so it is here.
		c.Target = 1
		w.report.change(Conditions, r["id"], "a number below 1 became 1", fmt.Sprintf("%s %d", key, n))
	}
	return c, true
}

// valueOf reads condition_value, a JSON object. A text that holds the object,
// as a JSONField makes of json.dumps, is read once more.
func valueOf(text string) (value map[string]string, problem string) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var read any
	if decoder.Decode(&read) != nil {
		return nil, "its value is no JSON"
	}
	if inner, isText := read.(string); isText && strings.HasPrefix(strings.TrimSpace(inner), "{") {
		return valueOf(inner)
	}
	object, ok := read.(map[string]any)
	if !ok {
		return nil, "its value is no JSON object"
	}
	value = map[string]string{}
	for k, v := range object {
		switch v := v.(type) {
		case string:
			value[k] = v
		case json.Number:
			value[k] = v.String()
		case nil:
		default:
			value[k] = fmt.Sprint(v)
		}
	}
	return value, ""
}

// maxTarget is the largest number a condition may ask for.
const maxTarget = 1 << 53

// wholeNumber reads 10, "10" and 10.0; what is beyond maxTarget is that.
func wholeNumber(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return min(n, maxTarget), true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return int64(math.Max(math.Min(f, maxTarget), -1)), true
}
