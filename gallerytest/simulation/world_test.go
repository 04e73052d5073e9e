package simulation_test

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/websockets"
)

// world is what all nodes share: the store, and what stands in it for a fact.
// One is made of the real curator over SQLite, the other is a model that costs
// a hundredth of it.
type world interface {
	// keeper is one more node's curator, which tells through events.
	keeper(node string, events *websockets.EventHandler) (keeper, error)
	// works are the ids of the works on the walls.
	works() []string
	// signIn opens a session, and is never away.
	signIn(name string) (token string, err error)

	// The facts, as they are committed at this moment.
	holds(token string) bool
	state(work string) (revealed, gone bool)
	inbox(name string) []gallery.Notification
	head(name string) int64
	announcements() []string // in the order of their numbers, from 1
	outbox() int             // how many events nobody has told yet

	close() error
}

// keeper is the curator of one node: what its sockets ask, and what its
// visitors do.
type keeper interface {
	websockets.Gallery
	comment(ctx context.Context, name, work string) error
	look(ctx context.Context, name, work string) error
	reveal(ctx context.Context, work string) error
	remove(ctx context.Context, work string) error
	announce(ctx context.Context, text string) error
	signOut(ctx context.Context, name string) error
	// run tells what is committed, until ctx ends.
	run(ctx context.Context) error
}

// The people of every evening. Works hang in turn by one artist and the other.
var (
	artists = []string{"ana", "ben"}
	fans    = []string{"cleo", "dora", "emil", "finn", "gus", "hope"}
)

// manyWorks are on the walls: of each artist one that three comments reveal,
// one that two viewers reveal, and one that its artist does.
const manyWorks = 6

func artistOf(work int) string { return artists[work%len(artists)] }

// commentsOf and viewsOf are what the i-th work waits for.
func commentsOf(work int) int { return [3]int{3, 1000, 1000}[work/len(artists)] }
func viewsOf(work int) int    { return [3]int{1000, 2, 1000}[work/len(artists)] }
