package curator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
)

// model is what a work must look like after any sequence of acts, in as few
// words as possible.
type model struct {
	when     gallery.RevealWhen
	waits    []wait
	viewers  map[int]bool
	standing int64
	revealed bool
	told     []string // the artist's inbox
}

// wait is one condition of the model: the most that was ever there.
type wait struct {
	gallery.Condition
	most int64
}

// judge follows every act.
func (m *model) judge(now time.Time, hand bool) {
	met := 0
	for i, w := range m.waits {
		switch w.Measure {
		case gallery.MeasureTime:
			if !now.Before(w.RevealAt) {
				m.waits[i].most = 1
			}
		case gallery.MeasureViews:
			m.waits[i].most = max(w.most, int64(len(m.viewers)))
		case gallery.MeasureComments:
			m.waits[i].most = max(w.most, m.standing)
		}
		if m.waits[i].most >= max(w.Target, 1) {
			met++
		}
	}
	enough := met > 0
	if m.when == gallery.RevealAll {
		enough = met == len(m.waits)
	}
	if (enough || hand) && !m.revealed {
		m.revealed = true
		m.told = append(m.told, "artwork_revealed")
	}
}

// TestAnySequenceOfActs holds the curator against the model: who may see the
// work, what counts and what the artist is told, after each of up to 15 acts.
func TestAnySequenceOfActs(t *testing.T) { onBoth(t, anySequenceOfActs) }

func anySequenceOfActs(t *testing.T, p plan) {
	hands := &hands{}
	p.idle = true
	measures, acts := 2, []string{"look", "look", "all look", "comment", "comment", "delete", "edit", "when", "hand"}
	if p.source == "" { // the clock of PostgreSQL is its own, and is not moved by hand
		measures, acts, p.now = 3, append(acts, "wait"), hands.now
	}
	h := open(t, p)
	artist := h.person("ana", true)
	people := append(h.people("p", 12), artist) // the artist is the last
	token, _, err := h.IssueToken(t.Context(), "ana@example.org")
	if err != nil {
		t.Fatal(err)
	}
	artist = h.bearer(token)
	people[12] = artist
	conditions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) gallery.Condition {
		switch rapid.IntRange(1, measures).Draw(t, "measure") {
		case 3:
			return gallery.Condition{Measure: gallery.MeasureTime, RevealAt: hands.now().Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "seconds")) * time.Second)}
		case 1:
			return views(rapid.Int64Range(1, 13).Draw(t, "views"))
		default:
			return comments(rapid.Int64Range(1, 6).Draw(t, "comments"))
		}
	}), 1, 3)
	whens := rapid.SampledFrom([]gallery.RevealWhen{gallery.RevealAny, gallery.RevealAll})
	rapid.Check(t, func(t *rapid.T) {
		m := &model{viewers: map[int]bool{}, when: whens.Draw(t, "when")}
		list := conditions.Draw(t, "conditions")
		for _, c := range list {
			m.waits = append(m.waits, wait{Condition: c})
		}
		art := h.hang(artist, m.when, list...)
		before := h.inboxHead(artist)
		var said []gallery.Comment
		look := func(i int) {
			if _, err := h.Look(h.t.Context(), people[i], art.ID); err != nil {
				t.Fatalf("look: %v", err)
			}
			if i == 12 || m.viewers[i] {
				return // read only: nothing is judged
			}
			m.viewers[i] = true
			if len(m.viewers) == 10 {
				m.told = append(m.told, "view_milestone 10")
			}
			m.judge(hands.now(), false)
		}
		for range rapid.IntRange(1, 15).Draw(t, "acts") {
			act := rapid.SampledFrom(acts).Draw(t, "act")
			switch act {
			case "look":
				look(rapid.IntRange(0, 12).Draw(t, "who"))
			case "all look":
				for i := range 12 {
					look(i)
				}
			case "comment":
				i := rapid.IntRange(0, 12).Draw(t, "who")
				c, err := h.Comment(h.t.Context(), people[i], art.ID, "!")
				if err != nil {
					t.Fatalf("comment: %v", err)
				}
				said = append(said, c)
				m.standing++
				if i != 12 {
					m.told = append(m.told, "new_comment")
				}
				m.judge(hands.now(), false)
			case "delete":
				if len(said) == 0 {
					continue
				}
				if err := h.DeleteComment(h.t.Context(), artist, said[0].ID); err != nil {
					t.Fatalf("delete: %v", err)
				}
				said = said[1:]
				m.standing--
			case "edit", "when":
				var e curator.Edit
				if act == "edit" {
					e.Conditions = conditions.Draw(t, "new conditions")
				} else {
					e.When = new(whens.Draw(t, "new when"))
				}
				_, err := h.EditArtwork(h.t.Context(), artist, art.ID, e)
				if m.revealed {
					if gallery.CodeOf(err) != gallery.Conflict {
						t.Fatalf("edit of a revealed work: got %v, want Conflict", err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("edit: %v", err)
				}
				if e.When != nil {
					m.when = *e.When
				} else {
					m.waits = nil
					for _, c := range e.Conditions {
						m.waits = append(m.waits, wait{Condition: c})
					}
				}
				m.judge(hands.now(), false)
			case "hand":
				if rapid.IntRange(0, 3).Draw(t, "one in four") > 0 {
					continue
				}
				if _, err := h.RevealByHand(h.t.Context(), artist, art.ID); err != nil {
					t.Fatalf("reveal: %v", err)
				}
				m.judge(hands.now(), true)
			case "wait":
				hands.forward(time.Duration(rapid.IntRange(1, 8).Draw(t, "seconds")) * time.Second)
			}
			compare(t, h, m, art.ID, act, artist, before)
		}
	})
}

func compare(t *rapid.T, h *house, m *model, id, act string, artist auth.Identity, before int) {
	got, err := h.Artwork(h.t.Context(), id)
	if err != nil {
		t.Fatalf("after %s: %v", act, err)
	}
	if got.IsRevealed() != m.revealed || got.ViewCount != int64(len(m.viewers)) || got.CommentCount != m.standing {
		t.Fatalf("after %s: got revealed %t with %d views and %d comments, want %t, %d, %d",
			act, got.IsRevealed(), got.ViewCount, got.CommentCount, m.revealed, len(m.viewers), m.standing)
	}
	var progress, want []string
	for i, c := range got.Conditions {
		progress = append(progress, fmt.Sprint(c.Measure, c.Progress(), c.IsMet))
		target := max(m.waits[i].Target, 1)
		current := min(m.waits[i].most, target)
		want = append(want, fmt.Sprint(m.waits[i].Measure, gallery.Progress{Current: current, Target: target}, current == target))
	}
	if diff := cmp.Diff(want, progress); diff != "" {
		t.Fatalf("after %s: conditions (-want +got):\n%s", act, diff)
	}
	list := h.inboxAfter(artist, before)
	if told := types(list); !slices.Equal(told, m.told) {
		t.Fatalf("after %s: the artist was told %q, want %q", act, told, m.told)
	}
	for i, n := range list {
		if n.Seq != int64(before+i+1) {
			t.Fatalf("after %s: entry %d has seq %d, want %d", act, i, n.Seq, before+i+1)
		}
	}
}
