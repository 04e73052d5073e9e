package gallerytest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"invisibleart.example/gallery/gallerytest"
)

// rested waits until nothing is left to be told. A node that died with events
// of its own leaves them to the others, for five seconds.
func rested(t *testing.T, f *gallerytest.Fleet) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), f.Source)
	if err != nil {
		t.Fatalf("look into the outbox: %v", err)
	}
	defer conn.Close(t.Context())
	await(t, "the outbox to be empty", gallerytest.Patience, func() string {
		var n int
		var all string
		err := conn.QueryRow(t.Context(), `SELECT COUNT(*), COALESCE(MIN(kind || ' of ' || node || ' ' || payload), '') FROM outbox`).Scan(&n, &all)
		if err != nil || n > 0 {
			return fmt.Sprintf("%d events are left (%v), one of them %s", n, err, all)
		}
		return ""
	})
}

// inboxOverREST is everything in a person's inbox, oldest first.
func inboxOverREST(t *testing.T, p *gallerytest.Person) []gallerytest.Message {
	t.Helper()
	var all []gallerytest.Message
	cursor := ""
	for {
		var page struct {
			Results []gallerytest.Message
			Next    *string
		}
		p.Do(t, "GET", "/notifications?limit=100"+cursor, nil, http.StatusOK, &page)
		all = append(all, page.Results...)
		if page.Next == nil {
			slices.Reverse(all)
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(*page.Next)
	}
}

// check holds what the artist's works and inbox have against what was
// acknowledged, and what every socket was told against what they have.
func (st *stand) check(t *testing.T) {
	t.Helper()
	nodes := st.storm.fleet.Nodes
	artist := st.artist.At(nodes[0].House)
	want := map[string]int{} // notifications, by all but their seq
	for _, sh := range st.shows {
		st.checkShow(t, sh, artist, want)
	}
	inbox := inboxOverREST(t, artist)
	got := map[string]int{}
	for i, m := range inbox {
		if m.Seq != int64(i+1) {
			t.Fatalf("the inbox of artist %d: entry %d has seq %d", st.number, i+1, m.Seq)
		}
		m.Seq = 0
		got[keyOf(m)]++
	}
	for key, n := range want {
		if got[key] != n {
			t.Errorf("the inbox of artist %d has %q %d times, want %d", st.number, key, got[key], n)
		}
	}
	for key, n := range got {
		if want[key] == 0 {
			t.Errorf("the inbox of artist %d has %q %d times, want none", st.number, key, n)
		}
	}
	if broken := brokenOrder(inbox, stormReveal); len(broken) > 0 {
		t.Errorf("the inbox of artist %d: %s", st.number, strings.Join(broken, "\n"))
	}
	patience := time.Now().Add(gallerytest.Patience)
	for _, f := range st.inboxes {
		awaitUntil(patience, func() bool { return f.seq() >= int64(len(inbox)) })
		f.report(t, brokenByInbox(f.told(), inbox))
	}
	for _, sh := range st.shows {
		var first time.Time
		for _, f := range sh.watchers {
			awaitUntil(patience, f.knows)
			if at := f.knew(); !at.IsZero() && (first.IsZero() || at.Before(first)) {
				first = at
			}
			f.settle(t)
		}
		for _, f := range sh.watchers {
			f.report(t, brokenByWork(f.told(), first))
		}
	}
}

// checkShow holds one work against what was acknowledged, on every node, and
// adds what its artist must have been told.
func (st *stand) checkShow(t *testing.T, sh *show, artist *gallerytest.Person, want map[string]int) {
	t.Helper()
	comments := artist.Comments(t, sh.id)
	found := map[string]string{}
	texts := map[string]bool{}
	for _, c := range comments {
		if !sh.tried[c.Content] || texts[c.Content] || found[c.ID] != "" {
			t.Errorf("work %s: comment %s, %q, was never made, or stands twice", sh.id, c.ID, c.Content)
		}
		found[c.ID], texts[c.Content] = c.Content, true
		want[keyOf(told("new_comment", sh.id, c.ID))]++
	}
	for id, text := range sh.commented {
		if found[id] != text {
			t.Errorf("work %s: comment %s, %q, was acknowledged and is lost", sh.id, id, text)
		}
	}
	for i, node := range st.storm.fleet.Nodes {
		a := artist.At(node.House).Look(t, sh.id)
		if int(a.CommentCount) != len(comments) || a.IsRevealed != (len(comments) >= stormReveal) || int(a.ViewCount) < sh.lookers || a.ViewCount > stormVisitors {
			t.Errorf("work %s at node %d: %d comments, %d views, revealed %t; want %d, %d to %d, and a reveal at %d comments",
				sh.id, i, a.CommentCount, a.ViewCount, a.IsRevealed, len(comments), sh.lookers, stormVisitors, stormReveal)
		}
	}
	if len(comments) >= stormReveal {
		want[keyOf(told("artwork_revealed", sh.id, ""))]++
	}
}

// told is a notification as the inbox has it.
func told(kind, artworkID, commentID string) (m gallerytest.Message) {
	m.Data.Type, m.Data.ArtworkID, m.Data.CommentID = kind, artworkID, commentID
	return m
}

// awaitUntil waits for something to be so until a deadline; whether it is, a
// check will tell.
func awaitUntil(deadline time.Time, is func() bool) {
	for !is() && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
}
