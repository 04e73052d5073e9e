package loadtest

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strings"
	"time"
)

// Plan is a load test of a gallery: watchers open the socket of one artwork, ask
// it for its status, and see it revealed. Required are URL, Artwork and
// Watchers.
type Plan struct {
	URL      string // where the gallery is: http://host:port or https://host
	Artwork  string // the id of a work that hangs there
	Watchers int

	Ramp     time.Duration // spreads the handshakes, 0 for as fast as they go
	Rate     float64       // check_status a second, of all watchers together
	Duration time.Duration // how long they are asked after everybody is there

	// PID is the server's process when it runs on this machine, for its memory
	// and processor time; 0 for none. Linux only.
	PID int
	// Reveal reveals the work by hand in the middle of Duration, with the
	// artist's access token.
	Reveal bool
	Token  string

	// Patience is how long to wait for an answer before it counts as lost, 0 for
	// DefaultAnswerPatience.
	Patience time.Duration
	Engine   Engine
	// Progress is told how it goes, from time to time, by one goroutine; may be
	// nil.
	Progress func(Progress)
}

// DefaultAnswerPatience is how long an answer may take: longer than a node that
// stalls for a moment, shorter than the patience of whoever waits.
const DefaultAnswerPatience = 10 * time.Second

// askedMost is how often a watcher may ask per second without being closed with
// 4429 (docs/protocol.md, "Limits").
const askedMost = 20

// retries is how often a watcher comes again that was refused for now.
const retriesOfWatchers = 5

// lagEvery is which watchers have their messages stamped by the kernel.
const lagEvery = 16

// Progress is how a load test stands.
type Progress struct {
	Phase    Phase
	Elapsed  time.Duration // since the test began
	Watchers int           // that are wanted
	Open     int64         // that are there
	Answered int64         // questions
	Revealed int64         // watchers that were told of the reveal
	Faults   Faults        // so far; nothing counts as lost before the end
}

// Phase is a part of a load test.
type Phase string

// The phases, in their order. There is a reveal only when the plan has one; it
// stands between two halves of watch.
const (
	PhaseRamp   Phase = "ramp"
	PhaseWatch  Phase = "watch"
	PhaseReveal Phase = "reveal"
	PhaseFinish Phase = "finish"
)

// complete checks a plan and fills in what was left out.
func (p Plan) complete() (Plan, *url.URL, error) {
	address := p.URL
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return p, nil, fmt.Errorf("%q is not the address of a gallery", p.URL)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return p, nil, fmt.Errorf("a gallery is at an http or https address, not at %s", u.Scheme)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return p, nil, fmt.Errorf("the address of a gallery is %s://%s, without more", u.Scheme, u.Host)
	}
	u.Path = ""
	switch {
	case p.Artwork == "":
		return p, nil, errors.New("which artwork?")
	case p.Watchers < 1:
		return p, nil, fmt.Errorf("%d watchers are none: want at least 1", p.Watchers)
	case p.Rate < 0 || math.IsNaN(p.Rate) || math.IsInf(p.Rate, 0):
		return p, nil, errors.New("the rate is negative or no number")
	case p.Rate > float64(askedMost*p.Watchers):
		return p, nil, fmt.Errorf("at %g a second each of %d watchers would ask more than %d times a second and be closed with 4429", p.Rate, p.Watchers, askedMost)
	case p.Ramp < 0 || p.Duration < 0 || p.Patience < 0:
		return p, nil, errors.New("a time is negative")
	case p.PID < 0:
		return p, nil, fmt.Errorf("%d is not the id of a process", p.PID)
	case p.Reveal && p.Token == "":
		return p, nil, errors.New("only its artist reveals a work: an access token is needed")
	}
	p.Patience = orDefault(p.Patience, DefaultAnswerPatience)
	return p, u, nil
}

// hostPort is the address to connect to.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
