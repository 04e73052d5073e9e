// Package curator is what the gallery does: the use cases of accounts, works
// and inboxes, each one transaction of the store, and the four workers that
// act when nobody asks.
//
// An act (a view, a comment, an edit, an instant that has come, the artist's
// own hand) judges every condition of its artwork inside its transaction, with
// itself counted. What follows from it, inbox entries and outbox rows, commits
// together with it or not at all. After the commit the relay hands the outbox
// rows to the EventHandler, which tells the sockets; the answer never waits for
// that.
//
// [Curator.Run] owns every goroutine: the batcher that lets views share a
// commit, the relay, the clock, the janitor. The use cases need Run for nothing
// but speed: before it started each view commits by itself and events wait in
// the outbox for the sweep of whoever runs, which is how the operator's
// commands work beside a serving process. After Run has ended everything but
// reading answers Unavailable.
//
// Whoever the caller is has been settled by [Curator.Authenticate]; a use case
// takes the [auth.Identity] and decides what it may do. Every refusal is a
// *gallery.Error. No password, token, ticket or cookie is logged, stored in
// the clear or put into an error.
package curator
