package websockets_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"invisibleart.example/gallery/gallerytest"
)

// The specification's four, heading "Testing WebSockets", against a whole
// gallery.

// Testing connection to the ArtworkConsumer.
func TestArtworkConsumerConnect(t *testing.T) {
	g := gallerytest.Start(t, gallerytest.Options{})
	work := g.Artist(t, "frida").Hang(t, gallerytest.Work{Title: "Nocturne", Conditions: gallerytest.Views(1)})
	s := g.Anybody().Watch(t, work.ID)
	wantJSON(t, s.Next(t).Raw, fmt.Sprintf(
		`{"type": "artwork_status", "is_revealed": false, "artwork": {"id": %q, "title": "Nocturne"}}`, work.ID))

	g.Register(t, "diego").Look(t, work.ID) // the one viewer it waits for
	wantJSON(t, s.Next(t).Raw, fmt.Sprintf(
		`{"type": "artwork_revealed", "artwork": {"id": %q, "title": "Nocturne", "artist": "frida", "is_revealed": true}}`, work.ID))
}

// Testing connection with non-existent artwork IDs.
func TestArtworkConsumerNonexistentArtwork(t *testing.T) {
	g := gallerytest.Start(t, gallerytest.Options{})
	for _, id := range []string{uuid.NewString(), "not-a-uuid", "1"} {
		s, status, err := g.TryDial("/ws/artwork/" + id + "/")
		if err == nil {
			s.Close()
		}
		if status != http.StatusNotFound {
			t.Errorf("artwork %s: got status %d, want %d", id, status, http.StatusNotFound)
		}
	}
}

// Testing authenticated connections to the NotificationConsumer.
func TestNotificationConsumerAuthenticated(t *testing.T) {
	g := gallerytest.Start(t, gallerytest.Options{})
	frida := g.Artist(t, "frida")
	work := frida.Hang(t, gallerytest.Work{Title: "Nocturne"})
	s := frida.Dial(t, "/ws/notifications/?token="+frida.Access)
	wantJSON(t, s.Next(t).Raw, `{"type": "welcome", "message": "Connected to notification service"}`)

	comment := g.Register(t, "diego").Comment(t, work.ID, "I see nothing.")
	var got map[string]any
	if err := json.Unmarshal([]byte(s.Next(t).Raw), &got); err != nil {
		t.Fatal(err)
	}
	for _, added := range []string{"id", "seq", "created_at"} { // beyond the specification
		if got[added] == nil {
			t.Errorf("notification: got %v, want a field %s", got, added)
		}
		delete(got, added)
	}
	text, _ := json.Marshal(got)
	wantJSON(t, string(text), fmt.Sprintf(`{"type": "notification", "message": "New comment on your artwork \"Nocturne\"",
		"data": {"type": "new_comment", "artwork_id": %q, "comment_id": %q, "user": "diego"}}`, work.ID, comment.ID))
}

// Testing unauthenticated connections to the NotificationConsumer.
func TestNotificationConsumerUnauthenticated(t *testing.T) {
	g := gallerytest.Start(t, gallerytest.Options{})
	refresh := g.Register(t, "diego").Refresh
	for _, query := range []string{"", "?token=", "?token=undefined", "?token=" + refresh} {
		s, status, err := g.TryDial("/ws/notifications/" + query)
		if err == nil {
			s.Close()
		}
		if status != http.StatusUnauthorized {
			t.Errorf("query %.20q: got status %d, want %d", query, status, http.StatusUnauthorized)
		}
	}
}

func wantJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("message %s: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("wanted message %s: %v", want, err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("message: got %s, want %s", got, want)
	}
}
