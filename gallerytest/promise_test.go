package gallerytest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

// life is what one socket of a client was told, from its opening to its end.
type life struct {
	since  int64     // of a notifications socket
	dialed time.Time // when the client asked for it
	log    []gallerytest.Message
}

// faults is what broke a promise, a line each.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// brokenByWork holds what the sockets of one client on a revealed work were
// told against the promise: how it stands first, then the reveal exactly once
// unless it was known, and nothing that takes it back. first is when anybody
// heard of the reveal: a socket asked for after that knows from the start.
func brokenByWork(lives []life, first time.Time) (broken faults) {
	knows := false
	for i, l := range lives {
		known := false
		for n, m := range l.log {
			if n == 0 && m.Type != "artwork_status" {
				broken.add("socket %d: it was greeted with %s", i, m.Raw)
			}
			switch m.Type {
			case "artwork_status":
				if known && !m.IsRevealed {
					broken.add("socket %d: message %d takes the reveal back: %s", i, n, m.Raw)
				}
				if l.dialed.After(first) && !m.IsRevealed {
					broken.add("socket %d: asked for %v after the first heard of the reveal, and it does not know: %s", i, l.dialed.Sub(first), m.Raw)
				}
				known = known || m.IsRevealed
			case "artwork_revealed":
				if known {
					broken.add("socket %d: message %d tells what was known: %s", i, n, m.Raw)
				}
				known = true
			default:
				broken.add("socket %d: message %d is %s", i, n, m.Raw)
			}
		}
		knows = known
	}
	if !knows {
		broken.add("the last socket never heard of the reveal")
	}
	return broken
}

// brokenByInbox holds what the sockets of one client on an inbox were told
// against the promise: each notification once, in order, without a gap, and as
// the inbox has it.
func brokenByInbox(lives []life, inbox []gallerytest.Message) (broken faults) {
	var last int64
	for i, l := range lives {
		if l.since != last {
			broken.add("socket %d: asked for what comes after %d; the one before had up to %d", i, l.since, last)
			return broken
		}
		for n, m := range l.log {
			switch {
			case n == 0:
				if m.Type != "welcome" {
					broken.add("socket %d: it was greeted with %s", i, m.Raw)
				}
				continue
			case m.Type != "notification" || m.Seq != last+1:
				broken.add("socket %d: message %d is %s, want notification %d", i, n, m.Raw, last+1)
				return broken
			case int(m.Seq) > len(inbox):
				broken.add("socket %d: message %d is %s, and the inbox ends with %d", i, n, m.Raw, len(inbox))
				return broken
			}
			if got, want := keyOf(m), keyOf(inbox[last]); got != want {
				broken.add("socket %d: got %s, and the inbox has %s", i, got, want)
			}
			last = m.Seq
		}
	}
	if int(last) != len(inbox) {
		broken.add("told %d of %d notifications", last, len(inbox))
	}
	return broken
}

// brokenOrder holds the order of an inbox against what happened: a work reveals
// with the comment that is enough, and tells of it right after that comment and
// before any other.
func brokenOrder(inbox []gallerytest.Message, enough int) (broken faults) {
	comments := map[string]int{} // so far, by work
	for i, m := range inbox {
		work := m.Data.ArtworkID
		switch m.Data.Type {
		case "new_comment":
			comments[work]++
		case "artwork_revealed":
			if i == 0 || inbox[i-1].Data.Type != "new_comment" || inbox[i-1].Data.ArtworkID != work || comments[work] != enough {
				broken.add("notification %d tells of the reveal of %s after %d of its comments, want right after comment %d", i+1, work, comments[work], enough)
			}
		}
	}
	return broken
}

// keyOf is what makes a notification the one it is.
func keyOf(m gallerytest.Message) string {
	return fmt.Sprintf("%d %s %s %s%d", m.Seq, m.Data.Type, m.Data.ArtworkID, m.Data.CommentID, m.Data.ViewCount)
}

// TestPromisesCanBreak: the checks of the fault tests find what they look for.
func TestPromisesCanBreak(t *testing.T) {
	status := func(revealed bool) gallerytest.Message {
		return gallerytest.Message{Type: "artwork_status", IsRevealed: revealed}
	}
	reveal := gallerytest.Message{Type: "artwork_revealed"}
	first := time.Now()
	before, after := first.Add(-time.Second), first.Add(time.Second)
	note := func(seq int64) gallerytest.Message {
		m := gallerytest.Message{Type: "notification", Seq: seq}
		m.Data.CommentID = fmt.Sprint("comment ", seq)
		return m
	}
	other := note(2)
	other.Data.CommentID = "another comment"
	welcome := gallerytest.Message{Type: "welcome"}
	inbox := []gallerytest.Message{note(1), note(2), note(3)}
	act := func(kind, work string) gallerytest.Message { return told(kind, work, "") }
	one, two, done := act("new_comment", "one"), act("new_comment", "two"), act("artwork_revealed", "one")
	say := func(m ...gallerytest.Message) []gallerytest.Message { return m }
	for _, tt := range []struct {
		name string
		got  faults
		want string // "" for no fault
	}{
		{"heard", brokenByWork([]life{{0, before, say(status(false), reveal, status(true))}}, first), ""},
		{"known", brokenByWork([]life{{0, before, say(status(false))}, {0, after, say(status(true))}}, first), ""},
		{"missed", brokenByWork([]life{{0, before, say(status(false))}}, first), "never heard"},
		{"missed after the loss of the socket", brokenByWork([]life{{0, before, say(status(false), reveal)}, {0, before, nil}}, first), "never heard"},
		{"twice", brokenByWork([]life{{0, before, say(status(false), reveal, reveal)}}, first), "what was known"},
		{"though it was known", brokenByWork([]life{{0, after, say(status(true), reveal)}}, first), "what was known"},
		{"taken back", brokenByWork([]life{{0, before, say(status(false), reveal, status(false))}}, first), "takes the reveal back"},
		{"taken back by another socket", brokenByWork([]life{{0, after, say(status(false), reveal)}}, first), "does not know"},
		{"reveal first", brokenByWork([]life{{0, before, say(reveal)}}, first), "greeted"},

		{"told", brokenByInbox([]life{{0, before, say(welcome, note(1))}, {1, after, say(welcome, note(2), note(3))}}, inbox), ""},
		{"lost", brokenByInbox([]life{{0, before, say(welcome, note(1), note(2))}}, inbox), "told 2 of 3"},
		{"a gap", brokenByInbox([]life{{0, before, say(welcome, note(1), note(3))}}, inbox), "want notification 2"},
		{"told twice", brokenByInbox([]life{{0, before, say(welcome, note(1), note(1))}}, inbox), "want notification 2"},
		{"out of order", brokenByInbox([]life{{0, before, say(welcome, note(2), note(1))}}, inbox), "want notification 1"},
		{"replayed twice", brokenByInbox([]life{{0, before, say(welcome, note(1))}, {1, after, say(welcome, note(1))}}, inbox), "want notification 2"},
		{"what nobody has", brokenByInbox([]life{{0, before, say(welcome, note(1), note(2), note(3), note(4))}}, inbox), "ends with 3"},
		{"in order", brokenOrder(say(one, two, one, done, one), 2), ""},
		{"revealed too early", brokenOrder(say(one, done, one), 2), "after 1 of its comments"},
		{"told of the reveal late", brokenOrder(say(one, one, one, done), 2), "after 3 of its comments"},
		{"something between", brokenOrder(say(one, one, two, done), 2), "right after comment 2"},
		{"something else", brokenByInbox([]life{{0, before, say(welcome, note(1), other, note(3))}}, inbox), "another comment"},
	} {
		got := strings.Join(tt.got, "; ")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
