package demo

import "time"

// work is what the demonstration wants to know of an artwork.
type work struct {
	ID           string
	Title        string
	Artist       struct{ Username string }
	IsRevealed   bool        `json:"is_revealed"`
	RevealWhen   string      `json:"reveal_when"`
	Conditions   []condition `json:"reveal_conditions"`
	ViewCount    int64       `json:"view_count"`
	CommentCount int64       `json:"comment_count"`
}

// condition is a reveal condition as the API writes it. IsMet and Progress are
// its answer and left out of what is sent.
type condition struct {
	Type     string         `json:"condition_type"`
	Value    map[string]any `json:"condition_value"`
	IsMet    bool           `json:"is_met,omitzero"`
	Progress struct {
		Current int64 `json:"current"`
		Target  int64 `json:"target"`
	} `json:"progress,omitzero"`
}

func views(n int) condition {
	return condition{Type: "view_count", Value: map[string]any{"count": n}}
}

func comments(n int) condition {
	return condition{Type: "interactive", Value: map[string]any{"comment_count": n}}
}

func at(instant time.Time) condition {
	return condition{Type: "time", Value: map[string]any{"reveal_at": instant.UTC().Format(time.RFC3339Nano)}}
}

// deed is what a visitor can do before a work.
type deed int

const (
	look deed = iota // counts once per person
	say
)

// wouldReveal tells whether the work, still hidden, would be revealed by one
// more of a deed.
func (w work) wouldReveal(d deed) bool {
	met := 0
	for _, c := range w.Conditions {
		_, byComments := c.Value["comment_count"]
		counts := d == look && c.Type == "view_count" || d == say && byComments
		if c.IsMet || counts && c.Progress.Current+1 >= c.Progress.Target {
			met++
		}
	}
	if w.IsRevealed {
		return false
	}
	if w.RevealWhen == "all" {
		return met == len(w.Conditions)
	}
	return met > 0
}
