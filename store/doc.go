// Package store keeps the gallery's truth in SQL: accounts, artworks, views,
// comments, inboxes and the outbox.
//
// [Open] gives a [DB]; [DB.Write] and [DB.Read] run a function in a
// transaction, and every query is a method of that [Tx]. A use case is one
// transaction. What is looked for and not there is a gallery.Error with the
// code NotFound; what a method refuses for another reason stands with it. A
// database that is busy, full or out of reach is Unavailable, and answers again
// by itself.
//
// The engine is SQLite or PostgreSQL, by the name of the source, and the
// statements are the same for both: parameters are $1, times are BIGINT
// microseconds, text is compared by its bytes. The struct engine holds what
// differs, mainly how rows are locked: SQLite has one writer, and whoever writes
// has locked everything; with PostgreSQL a SELECT … FOR NO KEY UPDATE locks what
// it returns, in that order. What is read before the lock may be old. Locks are
// taken in one order everywhere, artworks by id and then users by id, so that no
// two transactions wait for each other; those that do all the same run again.
package store
