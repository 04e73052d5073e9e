// Package store keeps the gallery's truth in SQL: accounts, artworks, views,
// comments, inboxes and the outbox.
//
// [Open] gives a [DB]; [DB.Write] and [DB.Read] run a function in a
// transaction, and every query is a method of that [Tx]. A use case is one
// transaction. What is looked for and not there is a gallery.Error with the
// code NotFound; what a method refuses for another reason stands with it.
//
// The engine is SQLite, and the statements are those that PostgreSQL runs as
// well: parameters are $1, rows are locked by UPDATE … RETURNING, times are
// BIGINT microseconds. Locks are taken in one order everywhere, artworks by id
// and then users by id, so that no two transactions wait for each other.
package store
