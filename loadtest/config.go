package loadtest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Engine is how a swarm waits for its sockets.
type Engine int

// The engines. They behave alike; one suite tests both.
const (
	Auto       Engine = iota // Epoll where there is epoll and no TLS, else Goroutines
	Epoll                    // one goroutine for all sockets; Linux, without TLS
	Goroutines               // a goroutine per socket
)

// Config is what a swarm is told. Address, Sockets and Path are required, every
// other zero value is usable.
//
// The callbacks run on the swarm's own goroutines, never two at once, and hold
// up all sockets while they run: count, and return. They may call [Swarm.Send],
// [Swarm.Stall] and [Swarm.Counts].
type Config struct {
	Address string                  // host:port
	Sockets int                     // how many, at least 1
	Path    func(socket int) string // the request target of each, with its query
	Host    string                  // the Host header; Address when empty
	Header  http.Header             // further headers, on every handshake
	TLS     *tls.Config             // nil for ws://

	InFlight int           // handshakes under way at once, 0 for DefaultInFlight
	Rate     float64       // handshakes begun a second, 0 for as many as InFlight lets; not together with Ramp
	Ramp     time.Duration // spreads the first handshake of every socket over so long
	Patience time.Duration // for one handshake, connecting included; 0 for DefaultPatience

	// Retries is how often a socket is tried again after a handshake that
	// failed or was refused for now (503 or 429): after what Retry-After says,
	// or after a pause of 50 ms that doubles up to 1 s and is scattered by half.
	// Other refusals are final.
	Retries int
	// Reopen opens a socket again that the server closed or broke, with Retries
	// anew.
	Reopen bool

	// Sources is how many loopback addresses (127.0.0.1, 127.0.0.2, …) the
	// sockets come from, taking turns: one address has some 28,000 ports. 0 takes
	// as many as the ports want; for another host than the loopback it is 1.
	Sources int

	MaxMessage    int  // longest message taken, in bytes; above it 1009. 0 for DefaultMaxMessage
	ReceiveBuffer int  // SO_RCVBUF in bytes, 0 for the system's; small ones make [Swarm.Stall] bite soon
	Abrupt        bool // cuts the connections at the end, instead of the closing handshake
	// LagEvery has the kernel stamp what arrives at every n-th socket, so that
	// [Counts.Lag] can say how long messages waited for the swarm. 0 for none.
	// Linux, Epoll only. Stamping costs the machine some 30 ns a packet.
	LagEvery int
	Engine   Engine

	// OnOpen is told of each handshake that succeeded: when (see [Now]), and how
	// long it took from the start of connecting.
	OnOpen func(socket int, at int64, took time.Duration)
	// OnMessage gets every text or binary message, put together from its
	// fragments, with the moment its last byte was read. The payload is valid
	// during the call only.
	OnMessage func(socket int, at int64, payload []byte)
	// OnClose is told of each socket that was open and is so no longer, unless
	// it is the swarm that ended.
	OnClose func(socket int, c Closed)
	// OnRefused is told of each handshake that got another answer than 101.
	OnRefused func(socket int, status int, retryAfter time.Duration)
}

// Closed says how a socket ended.
type Closed struct {
	At   int64 // see Now
	Code int   // of the server's close frame; 1005 when it held none, 1006 when none came; ours (1002, 1007, 1009) when the server broke the protocol
	Err  error // nil after a close frame; what happened otherwise. A broken protocol is an error that wraps ErrProtocol
}

// ErrProtocol is in the error of a socket whose server broke RFC 6455.
var ErrProtocol = errors.New("the server broke the WebSocket protocol")

// The defaults of Config.
const (
	DefaultInFlight   = 256
	DefaultPatience   = 30 * time.Second
	DefaultMaxMessage = 1 << 20
)

// portsPerSource is how many of the ports of one address are counted on; the
// rest of the usual 28,232 may belong to others or to connections just closed.
const portsPerSource = 20_000

// complete checks a configuration and fills in what was left out.
func (c Config) complete() (Config, error) {
	host, port, err := net.SplitHostPort(c.Address)
	switch {
	case err != nil || host == "" || port == "":
		return c, fmt.Errorf("the address %q is not host:port", c.Address)
	case c.Sockets < 1:
		return c, fmt.Errorf("%d sockets are none: want at least 1", c.Sockets)
	case c.Path == nil:
		return c, errors.New("no path was given")
	case c.Rate < 0 || c.Ramp < 0 || c.InFlight < 0 || c.Retries < 0 || c.Sources < 0 || c.LagEvery < 0:
		return c, errors.New("a rate, time or number is negative")
	case c.Rate > 0 && c.Ramp > 0:
		return c, errors.New("a rate and a ramp exclude each other")
	case c.Sources > 254:
		return c, fmt.Errorf("%d source addresses are too many: want at most 254", c.Sources)
	case c.Engine == Epoll && c.TLS != nil:
		return c, errors.New("the epoll engine speaks no TLS")
	case c.Engine == Epoll && !hasEpoll:
		return c, errors.New("there is no epoll on this system")
	}
	for name, values := range c.Header {
		if strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
			return c, fmt.Errorf("the header %q holds a line break", name)
		}
	}
	if c.Host == "" {
		c.Host = c.Address
	}
	if c.Ramp > 0 {
		c.Rate = float64(c.Sockets) / c.Ramp.Seconds()
	}
	c.InFlight = orDefault(c.InFlight, DefaultInFlight)
	c.Patience = orDefault(c.Patience, DefaultPatience)
	c.MaxMessage = orDefault(c.MaxMessage, DefaultMaxMessage)
	return c, nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
