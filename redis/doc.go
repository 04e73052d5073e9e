// Package redis is what the nodes of a gallery share besides their database:
// the channel layer ([Broker]), who is looking at what ([Presence]) and the
// limits that hold across nodes ([Limits]), all through one [Client]. It speaks
// to a single Redis, to a Cluster and to a master behind Sentinels, version 6
// or newer (tried with 7.0).
//
// Nothing here is the truth: Redis may lose all it holds, or be away, and the
// gallery goes on with what the database says. So every call has a short
// deadline, fails at once while Redis is known to be away, and is never
// repeated behind the caller's back.
package redis
