package gallery_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
)

var noon = time.Date(2026, 3, 21, 12, 0, 0, 0, time.UTC)

func TestParseConditions(t *testing.T) {
	data := `[
		{"condition_type": "time", "condition_value": {"reveal_at": "2026-03-21T14:00:00.1234567+01:00"}},
		{"condition_value": {"count": 9007199254740992}, "condition_type": "view_count"},
		{"condition_type": "interactive", "condition_value": {"comment_count": 3}},
		{"condition_type": "interactive", "condition_value": {"reaction_count": 1}},
		{"condition_type": "interactive", "condition_value": {"concurrent_viewers": 25}},
		{"condition_type": "time", "condition_value": {"reveal_at": "2030-01-31t18:00:00z"}}
	]`
	got, err := gallery.ParseConditions([]byte(data), noon)
	if err != nil {
		t.Fatalf("got %v, want it accepted", err)
	}
	want := []gallery.Condition{
		{Measure: gallery.MeasureTime, RevealAt: time.Date(2026, 3, 21, 13, 0, 0, 123456000, time.UTC)},
		{Measure: gallery.MeasureViews, Target: 1 << 53},
		{Measure: gallery.MeasureComments, Target: 3},
		{Measure: gallery.MeasureReactions, Target: 1},
		{Measure: gallery.MeasureConcurrentViewers, Target: 25},
		{Measure: gallery.MeasureTime, RevealAt: time.Date(2030, 1, 31, 18, 0, 0, 0, time.UTC)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
}

func TestParseConditions_refuses(t *testing.T) {
	const root = "reveal_conditions"
	timed := func(value string) string {
		return `[{"condition_type": "time", "condition_value": {"reveal_at": ` + value + `}}]`
	}
	views := func(value string) string {
		return `[{"condition_type": "view_count", "condition_value": {"count": ` + value + `}}]`
	}
	at := func(inner ...string) (locations []string) {
		for _, location := range inner {
			locations = append(locations, root+location)
		}
		return locations
	}
	count, revealAt := at("[0].condition_value.count"), at("[0].condition_value.reveal_at")
	one := `{"condition_type": "view_count", "condition_value": {"count": 1}}`
	for _, test := range []struct {
		name, data string
		want       []string
	}{
		{"nothing", ``, at("")},
		{"null", `null`, at("")},
		{"object", one, at("")},
		{"text", `"x"`, at("")},
		{"number", `1`, at("")},
		{"empty list", `[]`, at("")},
		{"eleven", `[` + strings.Repeat(one+",", 10) + one + `]`, at("")},
		{"trailing data", `[` + one + `] []`, at("")},
		{"trailing comma", `[` + one + `,]`, at("")},
		{"cut", `[` + one, at("")},
		{"not UTF-8", "[\"\xff\"]", at("")},
		{"100,000 × [", strings.Repeat("[", 100_000), at("")},
		{"a list inside", `[[]]`, at("[0]")},
		{"null inside", `[null]`, at("[0]")},
		{"a number inside", `[` + one + `, 7]`, at("[1]")},
		{"empty object", `[{}]`, at("[0].condition_type", "[0].condition_value")},
		{"no value", `[{"condition_type": "time"}]`, at("[0].condition_value")},
		{"no type", `[{"condition_value": {"count": 1}}]`, at("[0].condition_type")},
		{"unknown type", `[{"condition_type": "moon", "condition_value": {"count": 1}}]`, at("[0].condition_type")},
		{"type in capitals", `[{"condition_type": "TIME", "condition_value": {"count": 1}}]`, at("[0].condition_type")},
		{"type empty", `[{"condition_type": "", "condition_value": {"count": 1}}]`, at("[0].condition_type")},
		{"type null", `[{"condition_type": null, "condition_value": {"count": 1}}]`, at("[0].condition_type")},
		{"type a list", `[{"condition_type": ["time"], "condition_value": {"count": 1}}]`, at("[0].condition_type")},
		{"key in capitals", `[{"Condition_Type": "time", "condition_value": {"count": 1}}]`, at("[0].Condition_Type", "[0].condition_type")},
		{"unknown key", `[{"condition_type": "view_count", "condition_value": {"count": 1}, "is_met": true}]`, at("[0].is_met")},
		{"long unknown key", `[{"condition_type": "view_count", "condition_value": {"count": 1}, "` + strings.Repeat("k", 99) + `": 1}]`, at("[0]." + strings.Repeat("k", 40) + "…")},
		{"type twice", `[{"condition_type": "view_count", "condition_type": "view_count", "condition_value": {"count": 1}}]`, at("[0].condition_type")},
		{"type twice, once escaped", `[{"condition_type": "view_count", "condition\u005ftype": "view_count", "condition_value": {"count": 1}}]`, at("[0].condition_type")},
		{"value a number", `[{"condition_type": "view_count", "condition_value": 1}]`, at("[0].condition_value")},
		{"value null", `[{"condition_type": "view_count", "condition_value": null}]`, at("[0].condition_value")},
		{"value a list", `[{"condition_type": "view_count", "condition_value": [1]}]`, at("[0].condition_value")},
		{"value empty", `[{"condition_type": "view_count", "condition_value": {}}]`, count},
		{"value of another type", `[{"condition_type": "time", "condition_value": {"count": 1}}]`, at("[0].condition_value.count", "[0].condition_value.reveal_at")},
		{"unknown key in the value", `[{"condition_type": "view_count", "condition_value": {"count": 1, "x": 1}}]`, at("[0].condition_value.x")},
		{"count twice", `[{"condition_type": "view_count", "condition_value": {"count": 1, "count": 2}}]`, count},
		{"interactive, none", `[{"condition_type": "interactive", "condition_value": {}}]`, at("[0].condition_value")},
		{"interactive, two", `[{"condition_type": "interactive", "condition_value": {"comment_count": 1, "reaction_count": 1}}]`, at("[0].condition_value")},
		{"interactive with count", `[{"condition_type": "interactive", "condition_value": {"count": 1}}]`, at("[0].condition_value.count", "[0].condition_value")},

		{"count 0", views(`0`), count},
		{"count -0", views(`-0`), count},
		{"count -1", views(`-1`), count},
		{"count very negative", views(`-99999999999999999999`), count},
		{"count 1.5", views(`1.5`), count},
		{"count 10.0", views(`10.0`), count},
		{"count 1e3", views(`1e3`), count},
		{"count text", views(`"10"`), count},
		{"count true", views(`true`), count},
		{"count null", views(`null`), count},
		{"count a list", views(`[10]`), count},
		{"count beyond 2^53", views(`9007199254740993`), count},
		{"count beyond 64 bits", views(`18446744073709551617`), count},
		{"count NaN", views(`NaN`), at("")},

		{"time now", timed(`"2026-03-21T12:00:00Z"`), revealAt},
		{"time now and a nanosecond", timed(`"2026-03-21T12:00:00.000000001Z"`), revealAt},
		{"time past", timed(`"2026-03-21T11:59:59Z"`), revealAt},
		{"time past by its zone", timed(`"2026-03-21T13:00:00+02:00"`), revealAt},
		{"time without zone", timed(`"2030-01-31T18:00:00"`), revealAt},
		{"time with a zone's name", timed(`"2030-01-31T18:00:00 CET"`), revealAt},
		{"time with a space", timed(`"2030-01-31 18:00:00Z"`), revealAt},
		{"time with a comma", timed(`"2030-01-31T18:00:00,5Z"`), revealAt},
		{"time with a one-digit hour", timed(`"2030-01-31T8:00:00Z"`), revealAt},
		{"date only", timed(`"2030-01-31"`), revealAt},
		{"30 February", timed(`"2030-02-30T18:00:00Z"`), revealAt},
		{"hour 24", timed(`"2030-01-31T24:00:00Z"`), revealAt},
		{"offset of 25 hours", timed(`"2030-01-31T18:00:00+25:00"`), revealAt},
		{"offset of 99 minutes", timed(`"2030-01-31T18:00:00+01:99"`), revealAt},
		{"year 10000", timed(`"10000-01-01T00:00:00Z"`), revealAt},
		{"year 10000 by its zone", timed(`"9999-12-31T23:59:59-23:59"`), revealAt},
		{"time in seconds", timed(`1900000000`), revealAt},
		{"time empty", timed(`""`), revealAt},
		{"time null", timed(`null`), revealAt},
		{"time and what follows", timed(`"2030-01-31T18:00:00Z "`), revealAt},

		{
			"several at once", `[` + one + `, {"condition_type": "time", "condition_value": {"reveal_at": "1999-12-31T23:59:59Z"}, "x": 1}, {"condition_type": "moon"}, {"condition_type": "view_count", "condition_value": {"count": 0}}]`,
			at("[1].x", "[1].condition_value.reveal_at", "[2].condition_value", "[2].condition_type", "[3].condition_value.count"),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := gallery.ParseConditions([]byte(test.data), noon)
			refusal, ok := errors.AsType[*gallery.Error](err)
			if !ok || refusal.Code != gallery.Invalid {
				t.Fatalf("got %v, %v, want Invalid", got, err)
			}
			var locations []string
			for _, f := range refusal.Fields {
				locations = append(locations, f.Location)
				if f.Message == "" {
					t.Errorf("%s: got no message", f.Location)
				}
			}
			if diff := cmp.Diff(test.want, locations); diff != "" {
				t.Errorf("locations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseConditions_saysWhatIsWrong(t *testing.T) {
	for value, want := range map[string]string{
		`"2030-01-31T18:00:00"`:   "must say its time zone",
		`"2026-03-21T11:59:59Z"`:  "must be in the future",
		`"tomorrow"`:              "must be a time in the form of RFC 3339",
		`"2030-02-30T18:00:00"`:   "must be a time in the form of RFC 3339",
		`"2030-13-31T18:00:00.Z"`: "must be a time in the form of RFC 3339",
	} {
		_, err := gallery.ParseConditions([]byte(`[{"condition_type": "time", "condition_value": {"reveal_at": `+value+`}}]`), noon)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", value, err, want)
		}
	}
}

// The right conditions stand at their places beside the error.
func TestParseConditions_keepsTheRightOnes(t *testing.T) {
	got, err := gallery.ParseConditions([]byte(`[{}, {"condition_type": "view_count", "condition_value": {"count": 4}}]`), noon)
	want := []gallery.Condition{{}, {Measure: gallery.MeasureViews, Target: 4}}
	if diff := cmp.Diff(want, got); diff != "" || err == nil {
		t.Errorf("error %v, conditions (-want +got):\n%s", err, diff)
	}
}

func TestRevealWhenIsKnown(t *testing.T) {
	for when, want := range map[gallery.RevealWhen]bool{
		gallery.RevealAny: true, gallery.RevealAll: true, "": false, "Any": false, "any ": false, "none": false,
	} {
		if got := when.IsKnown(); got != want {
			t.Errorf("%q: got %t, want %t", when, got, want)
		}
	}
}

func TestConditionValue(t *testing.T) {
	for _, test := range []struct {
		condition gallery.Condition
		want      string
	}{
		{gallery.Condition{Measure: gallery.MeasureTime, RevealAt: time.Date(2030, 1, 31, 19, 0, 0, 123456000, time.FixedZone("", 3600))}, `{"reveal_at":"2030-01-31T18:00:00.123Z"}`},
		{gallery.Condition{Measure: gallery.MeasureTime, RevealAt: noon}, `{"reveal_at":"2026-03-21T12:00:00.000Z"}`},
		{gallery.Condition{Measure: gallery.MeasureViews, Target: 10, Current: 3}, `{"count":10}`},
		{gallery.Condition{Measure: gallery.MeasureComments, Target: 3}, `{"comment_count":3}`},
		{gallery.Condition{Measure: gallery.MeasureReactions, Target: 5}, `{"reaction_count":5}`},
		{gallery.Condition{Measure: gallery.MeasureConcurrentViewers, Target: 7}, `{"concurrent_viewers":7}`},
	} {
		got, err := json.Marshal(test.condition.Value())
		if err != nil || string(got) != test.want {
			t.Errorf("got %s, %v, want %s", got, err, test.want)
		}
	}
}

// encode writes conditions as a client would send them.
func encode(conditions []gallery.Condition) string {
	var items []string
	for _, c := range conditions {
		value, err := json.Marshal(c.Value())
		if err != nil {
			panic(err)
		}
		items = append(items, fmt.Sprintf(`{"condition_type": %q, "condition_value": %s}`, c.Measure.Type(), value))
	}
	return "[" + strings.Join(items, ",") + "]"
}

// Whatever is accepted is a sound list, and means the same when it is written
// out and read again; whatever is refused names a place.
func FuzzParseConditions(f *testing.F) {
	f.Add(`[{"condition_type": "time", "condition_value": {"reveal_at": "2030-01-31T18:00:00Z"}}]`)
	f.Add(`[{"condition_type": "view_count", "condition_value": {"count": 10}}]`)
	f.Add(`[{"condition_type": "interactive", "condition_value": {"comment_count": 3, "x": 1}}, {}]`)
	f.Add(`[{"condition_type": "time", "condition_value": {"reveal_at": "9999-12-31T23:59:59-23:59"}}]`)
	f.Add(`[[[[`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, data string) {
		conditions, err := gallery.ParseConditions([]byte(data), noon)
		if err != nil {
			refusal, ok := errors.AsType[*gallery.Error](err)
			if !ok || refusal.Code != gallery.Invalid || len(refusal.Fields) == 0 {
				t.Fatalf("got %v, want Invalid with a place", err)
			}
			for _, field := range refusal.Fields {
				if !strings.HasPrefix(field.Location, "reveal_conditions") {
					t.Fatalf("got location %q, want it under reveal_conditions", field.Location)
				}
			}
			return
		}
		if len(conditions) < 1 || len(conditions) > gallery.MaxConditions {
			t.Fatalf("accepted %d conditions", len(conditions))
		}
		for i, c := range conditions {
			isTime := c.Measure == gallery.MeasureTime
			if c.ID != "" || c.IsMet || c.Current != 0 || isTime == c.RevealAt.IsZero() || isTime == (c.Target > 0) {
				t.Fatalf("accepted %+v", c)
			}
			conditions[i].RevealAt = c.RevealAt.Truncate(time.Millisecond)
			if isTime && !conditions[i].RevealAt.After(noon) {
				return // less than a millisecond to come: on the wire it is now
			}
		}
		again, err := gallery.ParseConditions([]byte(encode(conditions)), noon)
		if err != nil {
			t.Fatalf("written out: %v", err)
		}
		if diff := cmp.Diff(conditions, again); diff != "" {
			t.Fatalf("written out and read again (-first +second):\n%s", diff)
		}
	})
}
