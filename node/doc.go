// Package node puts one node of the gallery together: it opens the data
// directory, wires store, vault, channel layer, use cases, sockets, REST and
// pages, and serves them on one listener until it is told to stop.
//
// The data directory holds everything a gallery is:
//
//	lock         held by the one process that serves (flock, LockFileEx)
//	gallery.db   the store, with its -wal and -shm
//	jwt.key      the key that signs tokens, unless one was given
//	master.key   the key that seals works, unless one was given
//	works/       the sealed works
//
// [Open] takes the lock and is for serving; [OpenBeside] does not, and is for
// commands that write to the store while another process serves it. Reading
// flags and environment is the business of cmd/gallery.
package node
