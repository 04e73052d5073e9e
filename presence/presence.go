// Package presence knows who is in front of which work at this moment: how
// many distinct people, which is what a concurrent_viewers condition waits for,
// and how many visitors, which is what a page shows.
//
// A socket enters and leaves. Several sockets of one person are one person, on
// however many nodes they are open; an anonymous socket is a visitor and never
// a person, so that no gate can be pushed open by opening tabs.
//
// [Memory] counts for a single node, redis.Presence for many. Package
// presencetest holds what both must do. Nothing here is kept: a gallery that
// starts anew is empty until its sockets come back.
package presence

import "context"

// Tracker counts who is in front of the works. All methods are safe for
// concurrent use.
type Tracker interface {
	// Enter counts one more socket before a work; userID "" is an anonymous
	// one. It never waits and never fails: where others share the count, they
	// are told in a moment. The socket counts until leave is called; again, it
	// does nothing.
	Enter(artworkID, userID string) (leave func())

	// Crowd counts who is before a work now, on all nodes; on this one alone
	// while the others cannot be asked. The artist is not among the people
	// (docs/protocol.md, "Reveal conditions"). Who has entered on this node counts
	// at once, who has left may still count for a moment. An error comes with the
	// numbers of this node, and only when ctx has ended.
	Crowd(ctx context.Context, artworkID, artistID string) (Crowd, error)

	// OnRise sets what is called when the number of people before a work may
	// have grown: a Crowd asked for after the call counts the newcomer. It is
	// called at least once for each growth, on the node of the newcomer, also
	// when the number turns out not to have grown; it must not block. OnRise
	// itself is called once at most, before the first Enter.
	OnRise(fn func(artworkID string))
}

// Crowd is how many are before a work.
type Crowd struct {
	People   int64 // distinct signed-in people, the artist not among them
	Visitors int64 // distinct signed-in people, the artist included, and anonymous sockets
}
