package gallery_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"invisibleart.example/gallery"
)

func TestJudge(t *testing.T) {
	views := func(target, current int64, met bool) gallery.Condition {
		return gallery.Condition{Measure: gallery.MeasureViews, Target: target, Current: current, IsMet: met}
	}
	timed := func(at time.Time, met bool) gallery.Condition {
		return gallery.Condition{Measure: gallery.MeasureTime, RevealAt: at, IsMet: met}
	}
	for _, test := range []struct {
		name       string
		when       gallery.RevealWhen
		conditions []gallery.Condition
		tally      gallery.Tally
		want       []gallery.Condition
		reveal     bool
	}{
		{"no condition, any", gallery.RevealAny, nil, gallery.Tally{Now: noon}, []gallery.Condition{}, false},
		{"no condition, all", gallery.RevealAll, nil, gallery.Tally{Now: noon}, []gallery.Condition{}, false},
		{"one short", gallery.RevealAny, []gallery.Condition{views(3, 0, false)}, gallery.Tally{Views: 2}, []gallery.Condition{views(3, 2, false)}, false},
		{"the act itself counts", gallery.RevealAny, []gallery.Condition{views(3, 2, false)}, gallery.Tally{Views: 3}, []gallery.Condition{views(3, 3, true)}, true},
		{"beyond the target", gallery.RevealAny, []gallery.Condition{views(3, 0, false)}, gallery.Tally{Views: 900}, []gallery.Condition{views(3, 3, true)}, true},
		{"deleted again", gallery.RevealAny, []gallery.Condition{views(3, 2, false)}, gallery.Tally{Views: 1}, []gallery.Condition{views(3, 2, false)}, false},
		{"met stays met", gallery.RevealAny, []gallery.Condition{views(3, 3, true)}, gallery.Tally{}, []gallery.Condition{views(3, 3, true)}, true},
		{"a microsecond early", gallery.RevealAny, []gallery.Condition{timed(noon, false)}, gallery.Tally{Now: noon.Add(-time.Microsecond)}, []gallery.Condition{timed(noon, false)}, false},
		{"on the instant", gallery.RevealAny, []gallery.Condition{timed(noon, false)}, gallery.Tally{Now: noon}, []gallery.Condition{timed(noon, true)}, true},
		{"the clock set back", gallery.RevealAny, []gallery.Condition{timed(noon, true)}, gallery.Tally{Now: noon.Add(-time.Hour)}, []gallery.Condition{timed(noon, true)}, true},
		{"all, one of two", gallery.RevealAll, []gallery.Condition{views(3, 3, true), timed(noon, false)}, gallery.Tally{Now: noon.Add(-1)}, []gallery.Condition{views(3, 3, true), timed(noon, false)}, false},
		{"all, both at different times", gallery.RevealAll, []gallery.Condition{views(3, 3, true), timed(noon, false)}, gallery.Tally{Now: noon}, []gallery.Condition{views(3, 3, true), timed(noon, true)}, true},
		{"unknown measure", gallery.RevealAny, []gallery.Condition{{Measure: "moon", Target: 1}}, gallery.Tally{Now: noon, Views: 9, Comments: 9, Reactions: 9, ConcurrentViewers: 9}, []gallery.Condition{{Measure: "moon", Target: 1}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := append([]gallery.Condition{}, test.conditions...)
			got, reveal := gallery.Judge(test.when, test.conditions, test.tally)
			if diff := cmp.Diff(test.want, got); diff != "" || reveal != test.reveal {
				t.Errorf("got reveal %v, want %v; conditions (-want +got):\n%s", reveal, test.reveal, diff)
			}
			if diff := cmp.Diff(before, append([]gallery.Condition{}, test.conditions...)); diff != "" {
				t.Errorf("the given conditions were changed:\n%s", diff)
			}
		})
	}
}

func TestJudge_eachMeasureCountsItsOwn(t *testing.T) {
	tally := gallery.Tally{Now: noon, Views: 1, Comments: 2, Reactions: 3, ConcurrentViewers: 4}
	for measure, want := range map[gallery.Measure]int64{
		gallery.MeasureViews: 1, gallery.MeasureComments: 2,
		gallery.MeasureReactions: 3, gallery.MeasureConcurrentViewers: 4,
	} {
		got, _ := gallery.Judge(gallery.RevealAny, []gallery.Condition{{Measure: measure, Target: 100}}, tally)
		if got[0].Current != want {
			t.Errorf("%s: got %d, want %d", measure, got[0].Current, want)
		}
	}
}

func TestProgress(t *testing.T) {
	for _, test := range []struct {
		condition gallery.Condition
		want      gallery.Progress
	}{
		{gallery.Condition{Measure: gallery.MeasureTime, RevealAt: noon}, gallery.Progress{Current: 0, Target: 1}},
		{gallery.Condition{Measure: gallery.MeasureTime, RevealAt: noon, IsMet: true}, gallery.Progress{Current: 1, Target: 1}},
		{gallery.Condition{Measure: gallery.MeasureViews, Target: 10, Current: 4}, gallery.Progress{Current: 4, Target: 10}},
	} {
		if got := test.condition.Progress(); got != test.want {
			t.Errorf("%+v: got %+v, want %+v", test.condition, got, test.want)
		}
	}
}

// conditions draws a list as an artist might give it.
func conditions() *rapid.Generator[[]gallery.Condition] {
	one := rapid.Custom(func(t *rapid.T) gallery.Condition {
		c := gallery.Condition{Measure: rapid.SampledFrom([]gallery.Measure{
			gallery.MeasureTime, gallery.MeasureViews, gallery.MeasureComments,
			gallery.MeasureReactions, gallery.MeasureConcurrentViewers,
		}).Draw(t, "measure")}
		if c.Measure == gallery.MeasureTime {
			c.RevealAt = noon.Add(time.Duration(rapid.Int64Range(-100, 100).Draw(t, "seconds")) * time.Second)
		} else {
			c.Target = rapid.Int64Range(1, 20).Draw(t, "target")
		}
		return c
	})
	return rapid.SliceOfN(one, 1, gallery.MaxConditions)
}

// tally draws what may be known at some instant, in no order: comments are
// deleted, people leave, clocks are set back.
func tally() *rapid.Generator[gallery.Tally] {
	return rapid.Custom(func(t *rapid.T) gallery.Tally {
		count := rapid.Int64Range(0, 25)
		return gallery.Tally{
			Now:   noon.Add(time.Duration(rapid.Int64Range(-120, 120).Draw(t, "seconds")) * time.Second),
			Views: count.Draw(t, "views"), Comments: count.Draw(t, "comments"),
			Reactions: count.Draw(t, "reactions"), ConcurrentViewers: count.Draw(t, "present"),
		}
	})
}

func TestJudge_properties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		current := conditions().Draw(t, "conditions")
		when := rapid.SampledFrom([]gallery.RevealWhen{gallery.RevealAny, gallery.RevealAll}).Draw(t, "when")
		revealed := false
		for _, tally := range rapid.SliceOfN(tally(), 1, 20).Draw(t, "tallies") {
			judged, reveal := gallery.Judge(when, current, tally)
			if revealed && !reveal {
				t.Fatalf("the reveal un-happened at %+v", tally)
			}
			for i, c := range judged {
				before, after := current[i].Progress(), c.Progress()
				switch {
				case after.Current < before.Current || after.Target != before.Target:
					t.Fatalf("condition %d: progress ran from %+v to %+v", i, before, after)
				case current[i].IsMet && !c.IsMet:
					t.Fatalf("condition %d: was met, and is not any more", i)
				case c.IsMet != (after.Current >= after.Target) || after.Current > after.Target:
					t.Fatalf("condition %d: met is %v at %+v", i, c.IsMet, after)
				case c.Measure != current[i].Measure || c.Target != current[i].Target || !c.RevealAt.Equal(current[i].RevealAt):
					t.Fatalf("condition %d: became another one, %+v", i, c)
				}
			}
			// "all" implies "any", on the same conditions and the same tally.
			_, all := gallery.Judge(gallery.RevealAll, current, tally)
			if _, any := gallery.Judge(gallery.RevealAny, current, tally); all && !any {
				t.Fatal("all revealed and any did not")
			}
			// Judging the same thing again changes nothing.
			again, still := gallery.Judge(when, judged, tally)
			if diff := cmp.Diff(judged, again); diff != "" || still != reveal {
				t.Fatalf("judged twice: reveal %v then %v, conditions:\n%s", reveal, still, diff)
			}
			current, revealed = judged, reveal
		}
	})
}

// It does not matter in how many steps a number was reached.
func TestJudge_batchesAreWhatTheyHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := conditions().Draw(t, "conditions")
		end := tally().Draw(t, "end")
		current := start
		for views := range end.Views {
			current, _ = gallery.Judge(gallery.RevealAny, current, gallery.Tally{Now: end.Now, Views: views})
		}
		stepped, revealedStepped := gallery.Judge(gallery.RevealAny, current, end)
		jumped, revealedJumped := gallery.Judge(gallery.RevealAny, start, end)
		if diff := cmp.Diff(jumped, stepped); diff != "" || revealedJumped != revealedStepped {
			t.Fatalf("reveal %v at once, %v in steps; conditions (-at once +in steps):\n%s", revealedJumped, revealedStepped, diff)
		}
	})
}
