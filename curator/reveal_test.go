package curator_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
)

// TestHundredViewersCrossAThresholdAtOnce: one reveal, one inbox row for it, an
// exact count, each milestone once, and nobody who looked after the reveal sees
// the work hidden.
func TestHundredViewersCrossAThresholdAtOnce(t *testing.T) {
	onBoth(t, hundredViewersCrossAThresholdAtOnce)
}

func hundredViewersCrossAThresholdAtOnce(t *testing.T, p plan) {
	h := open(t, p)
	artist := h.person("ana", true)
	viewers := h.people("viewer", 100)
	var ears []*ear
	for round := range 20 {
		threshold := []int64{1, 10, 37, 50, 100}[round%5]
		art := h.hang(artist, gallery.RevealAny, views(threshold))
		before := len(h.inbox(artist))
		ears = append(ears, h.listen("artwork:"+art.ID))
		var saw atomic.Int64
		together(len(viewers), func(i int) {
			seen, err := h.Look(t.Context(), viewers[i], art.ID)
			if err != nil {
				t.Errorf("round %d: look: %v", round, err)
			}
			if seen.IsRevealed() != (seen.ViewCount >= threshold) {
				t.Errorf("round %d: got revealed %t at %d views, want it at %d", round, seen.IsRevealed(), seen.ViewCount, threshold)
			}
			if seen.IsRevealed() {
				saw.Add(1)
			}
		})
		now, err := h.Artwork(t.Context(), art.ID)
		if err != nil || now.ViewCount != 100 || !now.IsRevealed() {
			t.Fatalf("round %d: got %d views, revealed %t (%v), want 100 and revealed", round, now.ViewCount, now.IsRevealed(), err)
		}
		if got, least := saw.Load(), 100-threshold+1; got < least {
			t.Errorf("round %d: %d viewers saw the work, want at least %d", round, got, least)
		}
		got := types(h.inbox(artist)[before:])
		slices.Sort(got)
		want := []string{"artwork_revealed", "view_milestone 10", "view_milestone 100", "view_milestone 50"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round %d: inbox (-want +got):\n%s", round, diff)
		}
	}
	eventually(t, "the outbox empties", func() bool { return h.waiting() == 0 })
	for round, ear := range ears {
		if diff := cmp.Diff([]gallery.EventKind{gallery.EventArtworkRevealed}, ear.kinds()); diff != "" {
			t.Errorf("round %d: published (-want +got):\n%s", round, diff)
		}
	}
	for i, n := range h.inbox(artist) {
		if n.Seq != int64(i)+1 {
			t.Fatalf("entry %d has seq %d, want no gap", i+1, n.Seq)
		}
	}
}

// TestCommentsAndViewsCrossTogether: two conditions are met in the same moment
// by different acts, under both ways to combine them.
func TestCommentsAndViewsCrossTogether(t *testing.T) { onBoth(t, commentsAndViewsCrossTogether) }

func commentsAndViewsCrossTogether(t *testing.T, p plan) {
	h := open(t, p)
	artist := h.person("ana", true)
	people := h.people("p", 16)
	for round := range 12 {
		when := gallery.RevealAny
		if round%2 == 1 {
			when = gallery.RevealAll
		}
		art := h.hang(artist, when, views(8), comments(8))
		before := len(h.inbox(artist))
		together(len(people), func(i int) {
			var err error
			if i < 8 {
				_, err = h.Look(t.Context(), people[i], art.ID)
			} else {
				_, err = h.Comment(t.Context(), people[i], art.ID, "when?")
			}
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		})
		now, err := h.Artwork(t.Context(), art.ID)
		if err != nil || !now.IsRevealed() {
			t.Fatalf("round %d (%s): not revealed (%v)", round, when, err)
		}
		for _, c := range now.Conditions {
			if !c.IsMet || c.Current != 8 {
				t.Errorf("round %d: condition %s is at %d, met %t, want 8 and met", round, c.Measure, c.Current, c.IsMet)
			}
		}
		reveals := 0
		for _, n := range h.inbox(artist)[before:] {
			if n.Data.Type == gallery.ArtworkRevealed {
				reveals++
			}
		}
		if reveals != 1 {
			t.Errorf("round %d: got %d notifications of the reveal, want 1", round, reveals)
		}
	}
}

func TestThirdCommentRevealsAtThree(t *testing.T) {
	h := open(t, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, comments(3))
	mine := h.listen("user:" + artist.User.ID)
	// The artist's own comment counts, and is no news to the artist.
	for i, who := range []auth.Identity{fan, artist, fan} {
		if _, err := h.Comment(t.Context(), who, art.ID, "  hm\n"); err != nil {
			t.Fatalf("comment: %v", err)
		}
		now, err := h.Artwork(t.Context(), art.ID)
		if err != nil || now.IsRevealed() != (i == 2) || now.Conditions[0].Current != int64(i)+1 {
			t.Errorf("after comment %d: revealed %t, progress %d (%v)", i+1, now.IsRevealed(), now.Conditions[0].Current, err)
		}
	}
	want := []string{"new_comment", "new_comment", "artwork_revealed"}
	inbox := h.inbox(artist)
	if diff := cmp.Diff(want, types(inbox)); diff != "" {
		t.Fatalf("inbox (-want +got):\n%s", diff)
	}
	if got, want := inbox[0].Message, `New comment on your artwork "Dusk"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	data := inbox[0].Data
	if data.ArtworkID != art.ID || data.User != "ben" || data.CommentID == "" {
		t.Errorf("got data %+v, want the artwork, the comment and its author", data)
	}
	if got, want := inbox[2].Message, `Your artwork "Dusk" has been revealed!`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for i, m := range mine.await(t, 3) {
		if m.Seq != int64(i)+1 {
			t.Errorf("message %d has seq %d, want them in order", i+1, m.Seq)
		}
	}
}

func TestDeletedCommentTakesNothingBack(t *testing.T) {
	h := open(t, plan{})
	artist, fan, other := h.person("ana", true), h.person("ben", false), h.person("cleo", false)
	art := h.hang(artist, gallery.RevealAny, comments(2))
	first, err := h.Comment(t.Context(), fan, art.ID, "one")
	if err != nil {
		t.Fatal(err)
	}
	refusedWith(t, "somebody else deletes", h.DeleteComment(t.Context(), other, first.ID), gallery.Forbidden)
	if err := h.DeleteComment(t.Context(), fan, first.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	refusedWith(t, "again", h.DeleteComment(t.Context(), fan, first.ID), gallery.NotFound)
	now, err := h.Artwork(t.Context(), art.ID)
	if err != nil || now.CommentCount != 0 || now.Conditions[0].Current != 1 {
		t.Fatalf("got %d comments, progress %d (%v), want 0 and 1", now.CommentCount, now.Conditions[0].Current, err)
	}
	// One stands again, as many as ever before: nothing new is reached.
	if _, err := h.Comment(t.Context(), fan, art.ID, "again"); err != nil {
		t.Fatal(err)
	}
	if now, _ = h.Artwork(t.Context(), art.ID); now.IsRevealed() {
		t.Error("revealed by one standing comment, want two")
	}
	second, err := h.Comment(t.Context(), other, art.ID, "two")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.DeleteComment(t.Context(), artist, second.ID); err != nil {
		t.Fatalf("the artist deletes: %v", err)
	}
	if now, _ = h.Artwork(t.Context(), art.ID); !now.IsRevealed() {
		t.Error("hidden again after a deleted comment")
	}
}

func TestRevealByHand(t *testing.T) {
	h := open(t, plan{})
	artist, other := h.person("ana", true), h.person("ben", true)
	art := h.hang(artist, gallery.RevealAny, views(1000))
	ear := h.listen("artwork:" + art.ID)
	_, err := h.RevealByHand(t.Context(), other, art.ID)
	refusedWith(t, "another artist", err, gallery.Forbidden)
	_, err = h.RevealByHand(t.Context(), auth.Identity{}, art.ID)
	refusedWith(t, "a stranger", err, gallery.Unauthorized)
	_, err = h.RevealByHand(t.Context(), artist, "no-id")
	refusedWith(t, "no id", err, gallery.NotFound)
	var first gallery.Artwork
	for i := range 3 {
		got, err := h.RevealByHand(t.Context(), artist, art.ID)
		if err != nil || !got.IsRevealed() {
			t.Fatalf("reveal %d: revealed %t, %v", i+1, got.IsRevealed(), err)
		}
		if i == 0 {
			first = got
		} else if !got.RevealedAt.Equal(first.RevealedAt) {
			t.Errorf("revealed_at moved from %v to %v", first.RevealedAt, got.RevealedAt)
		}
	}
	ear.await(t, 1)
	eventually(t, "the outbox empties", func() bool { return h.waiting() == 0 })
	if got := len(ear.all()); got != 1 {
		t.Errorf("published %d times, want once", got)
	}
	if diff := cmp.Diff([]string{"artwork_revealed"}, types(h.inbox(artist))); diff != "" {
		t.Errorf("inbox (-want +got):\n%s", diff)
	}
}

func TestEditJudgesAtOnce(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ana", true)
	all, anything := gallery.RevealAll, gallery.RevealAny
	for _, test := range []struct {
		name   string
		edit   curator.Edit
		reveal bool
	}{
		{"a lower count", curator.Edit{Conditions: []gallery.Condition{views(3)}}, true},
		{"a count still ahead", curator.Edit{Conditions: []gallery.Condition{views(4)}}, false},
		{"a comment count", curator.Edit{Conditions: []gallery.Condition{comments(1)}}, false},
		{"both, one of them met, all wanted", curator.Edit{When: &all, Conditions: []gallery.Condition{views(2), comments(1)}}, false},
		{"both, one of them met, any wanted", curator.Edit{When: &anything, Conditions: []gallery.Condition{comments(1), views(2)}}, true},
		{"another title", curator.Edit{Title: new("Dawn")}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			art := h.hang(artist, gallery.RevealAny, views(10))
			for _, who := range h.people(fmt.Sprintf("v%d_", time.Now().UnixNano()), 3) {
				if _, err := h.Look(t.Context(), who, art.ID); err != nil {
					t.Fatal(err)
				}
			}
			ear := h.listen("artwork:" + art.ID)
			got, err := h.EditArtwork(t.Context(), artist, art.ID, test.edit)
			if err != nil || got.IsRevealed() != test.reveal {
				t.Fatalf("got revealed %t (%v), want %t", got.IsRevealed(), err, test.reveal)
			}
			stored, err := h.Artwork(t.Context(), art.ID)
			if diff := cmp.Diff(stored, got); diff != "" || err != nil {
				t.Errorf("answer and store differ (-store +answer, %v):\n%s", err, diff)
			}
			if test.reveal {
				ear.await(t, 1)
				_, err := h.EditArtwork(t.Context(), artist, art.ID, test.edit)
				refusedWith(t, "conditions after the reveal", err, gallery.Conflict)
				late := curator.Edit{Title: new("Late"), Description: new("d"), AltText: new("a")}
				got, err := h.EditArtwork(t.Context(), artist, art.ID, late)
				if err != nil || got.Title != "Late" || got.Description != "d" || got.AltText != "a" {
					t.Errorf("texts after the reveal: got %+v, %v", got, err)
				}
			}
		})
	}
}

// TestEditOfRevealWhenKeepsWhatWasReached: only the way to combine changes.
func TestEditOfRevealWhenKeepsWhatWasReached(t *testing.T) {
	h := open(t, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAll, comments(1), views(5))
	if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
		t.Fatal(err)
	}
	got, err := h.EditArtwork(t.Context(), artist, art.ID, curator.Edit{When: new(gallery.RevealAny)})
	if err != nil || !got.IsRevealed() {
		t.Fatalf("got revealed %t (%v), want the met condition to reveal", got.IsRevealed(), err)
	}
	if got.Conditions[0].ID != art.Conditions[0].ID {
		t.Error("the condition has another id, want the same one")
	}
}
