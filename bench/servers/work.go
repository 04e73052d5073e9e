package servers

import "context"

// Work is a work of a [House]. It is a [Topic].
type Work struct {
	ID    string
	house *House
	title string
}

// Path implements [Topic].
func (w *Work) Path() string { return "/ws/artwork/" + w.ID + "/" }

// Payload implements [Topic].
func (w *Work) Payload() []byte { return payload(w.ID, w.title, w.house.artist.name) }

// Broadcast reveals the work through the real path: somebody's comment, which
// fulfils its condition. It returns after the answer.
func (w *Work) Broadcast(ctx context.Context) error { return w.Comment(ctx, "Now!") }

// Comment says something about the work, of which its artist is notified.
func (w *Work) Comment(ctx context.Context, text string) error {
	return w.house.Post(ctx, "/artworks/"+w.ID+"/comments", w.house.visitor.token, map[string]string{"content": text}, nil)
}
