// Package trial measures contenders. Every measure has the same client, the
// swarm of package loadtest, which verifies each message: what is lost or
// doubled is counted, never averaged away.
//
// A [Visit] is one contender once: started, warmed with a small broadcast,
// filled with sockets, left alone, broadcast to, ended. [Stall], [Reconnect]
// and [Views] measure what only a gallery has.
package trial
