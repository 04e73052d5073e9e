// Package ratelimit keeps the gallery's limits: how often, and how many at once.
// All defaults stand in one table, [Defaults]. How often is counted on all nodes
// together where they share something that counts, see [Shared]; how many at
// once is about sockets, which are open on one node, and each node's own.
package ratelimit

import (
	"time"

	"invisibleart.example/gallery"
)

// Table is every limit of the gallery. A zero entry is no limit.
type Table struct {
	RequestsByAddress       Rule // REST and pages, per address (peer.Group)
	RequestsByUser          Rule // REST and pages, per signed-in user
	RegistrationsByAddress  Rule // attempts to register, per address
	RegistrationsByAccount  Rule // attempts to register, per e-mail address, whoever asks
	LoginsByAddress         Rule // attempts to log in, per address, right or wrong
	LoginsByAccount         Rule // attempts to log in, per e-mail address, known or not, whoever asks
	WrongPasswordsByAccount Rule // wrong passwords, per e-mail address, known or not
	WrongPasswordsByAddress Rule // wrong passwords, per address
	UploadsByUser           Rule // works handed in
	CommentsByUser          Rule // comments written
	HandshakesByAddress     Rule // WebSocket handshakes
	SocketsByAddress        int  // sockets open at once
	SocketsByUser           int  // sockets open at once
	MessagesBySocket        Rule // client messages on one socket; above it 4429
}

// Defaults is the table a gallery runs with. "Family" is the measure: five
// people behind one address with a dozen tabs each must not notice any of it,
// and one stranger with a script must.
//
//	limit                      at once   then
//	requests per address         1,000   100 a second
//	requests per user              500   50 a second
//	registrations per address       30   1 every 2 minutes
//	registrations per e-mail         5   1 a minute
//	logins per address             100   1 a second
//	logins per e-mail address       60   1 every 5 seconds
//	wrong passwords per account     10   1 a minute
//	wrong passwords per address     50   1 every 10 seconds
//	uploads per user                30   1 a minute
//	comments per user               30   1 every 2 seconds
//	handshakes per address         200   20 a second
//	sockets per address            250
//	sockets per user                50
//	messages per socket            300   20 a second
func Defaults() Table {
	return Table{
		RequestsByAddress:       Rule{1000, 10 * time.Millisecond},
		RequestsByUser:          Rule{500, 20 * time.Millisecond},
		RegistrationsByAddress:  Rule{30, 2 * time.Minute},
		RegistrationsByAccount:  Rule{5, time.Minute},
		LoginsByAddress:         Rule{100, time.Second},
		LoginsByAccount:         Rule{60, 5 * time.Second},
		WrongPasswordsByAccount: Rule{10, time.Minute},
		WrongPasswordsByAddress: Rule{50, 10 * time.Second},
		UploadsByUser:           Rule{30, time.Minute},
		CommentsByUser:          Rule{30, 2 * time.Second},
		HandshakesByAddress:     Rule{200, 50 * time.Millisecond},
		SocketsByAddress:        250,
		SocketsByUser:           50,
		MessagesBySocket:        Rule{300, 50 * time.Millisecond},
	}
}

// Off is the table of --rate-limits off, for tests and load runs: no limit on
// requests, registrations, logins, handshakes and sockets. Wrong passwords stay
// limited, and so do the messages of one socket: neither stands in the way of a
// load run, and both would be an open door.
func Off() Table {
	d := Defaults()
	return Table{
		WrongPasswordsByAccount: d.WrongPasswordsByAccount,
		WrongPasswordsByAddress: d.WrongPasswordsByAddress,
		MessagesBySocket:        d.MessagesBySocket,
	}
}

// Limits is a node's running limits: a Limiter, Failures or Counter for each
// entry of its table, nil where there is none. It is safe for concurrent use; the zero
// value limits nothing.
type Limits struct {
	RequestsByAddress       *Limiter
	RequestsByUser          *Limiter
	RegistrationsByAddress  *Limiter
	RegistrationsByAccount  *Limiter
	LoginsByAddress         *Limiter
	LoginsByAccount         *Limiter
	WrongPasswordsByAccount *Failures
	WrongPasswordsByAddress *Failures
	UploadsByUser           *Limiter
	CommentsByUser          *Limiter
	HandshakesByAddress     *Limiter
	SocketsByAddress        *Counter
	SocketsByUser           *Counter
	MessagesBySocket        Rule // for each socket a limiter of its own
}

// New starts the limits of a table. now tells the time, time.Now when nil.
// shared counts for all nodes of the gallery; when nil, every limit is this
// node's alone. The limits on sockets are in any case.
func New(t Table, now func() time.Time, shared Shared) *Limits {
	return &Limits{
		RequestsByAddress:       NewLimiter("requests-by-address", t.RequestsByAddress, now, shared),
		RequestsByUser:          NewLimiter("requests-by-user", t.RequestsByUser, now, shared),
		RegistrationsByAddress:  NewLimiter("registrations-by-address", t.RegistrationsByAddress, now, shared),
		RegistrationsByAccount:  NewLimiter("registrations-by-account", t.RegistrationsByAccount, now, shared),
		LoginsByAddress:         NewLimiter("logins-by-address", t.LoginsByAddress, now, shared),
		LoginsByAccount:         NewLimiter("logins-by-account", t.LoginsByAccount, now, shared),
		WrongPasswordsByAccount: NewFailures("wrong-passwords-by-account", t.WrongPasswordsByAccount, now, shared),
		WrongPasswordsByAddress: NewFailures("wrong-passwords-by-address", t.WrongPasswordsByAddress, now, shared),
		UploadsByUser:           NewLimiter("uploads-by-user", t.UploadsByUser, now, shared),
		CommentsByUser:          NewLimiter("comments-by-user", t.CommentsByUser, now, shared),
		HandshakesByAddress:     NewLimiter("handshakes-by-address", t.HandshakesByAddress, now, shared),
		SocketsByAddress:        NewCounter(t.SocketsByAddress),
		SocketsByUser:           NewCounter(t.SocketsByUser),
		MessagesBySocket:        t.MessagesBySocket,
	}
}

// Refusal is the error for what Allow refused, with the time to wait in it.
func Refusal(retry time.Duration) *gallery.Error {
	e := gallery.Errorf(gallery.TooMany, "That was too much at once; try again later.")
	e.RetryAfter = retry
	return e
}
