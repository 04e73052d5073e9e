package websockets_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"invisibleart.example/gallery/websockets"
)

// TestQueueAddsUp holds the queue against a plain list: what goes in comes out
// in order, of pongs only the newest that is not on its way, and the bytes add
// up.
func TestQueueAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := websockets.NewQueue([]byte("first"))
		model := []string{"first"}
		message := rapid.StringMatching(`[a-z]{1,9}`)
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				m := message.Draw(t, "message")
				q.Push([]byte(m))
				model = append(model, m)
			},
			"pong": func(t *rapid.T) {
				m := "P" + message.Draw(t, "payload")
				q.Pong([]byte(m))
				waiting := slices.IndexFunc(model, func(s string) bool { return strings.HasPrefix(s, "P") })
				if waiting == 0 && len(model) > 1 { // the first is on its way
					waiting = 1 + slices.IndexFunc(model[1:], func(s string) bool { return strings.HasPrefix(s, "P") })
				}
				if waiting > 0 {
					model[waiting] = m
				} else {
					model = append(model, m)
				}
			},
			"take": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("nothing waits")
				}
				n := rapid.IntRange(1, len(model[0])).Draw(t, "bytes")
				q.Took(n)
				if model[0] = model[0][n:]; model[0] == "" {
					model = model[1:]
				}
			},
			"forget": func(*rapid.T) {
				q.Forget()
				model = model[:min(len(model), 1)]
			},
			"": func(t *rapid.T) {
				var items []string
				bytes := 0
				for _, item := range q.Items() {
					items = append(items, string(item))
					bytes += len(item)
				}
				if !slices.Equal(items, model) || q.Bytes() != bytes {
					t.Fatalf("got %q of %d bytes, want %q of %d", items, q.Bytes(), model, bytes)
				}
			},
		})
	})
}
