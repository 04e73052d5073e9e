package loadtest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Report is what a load test measured. `gallery loadtest --json` prints it as
// one object. Times end in _ms and are milliseconds, processor times end in _us
// and are microseconds, percentiles are of all values and not of a sample.
type Report struct {
	URL          string  `json:"url"`
	Artwork      string  `json:"artwork"`
	Watchers     int     `json:"watchers"` // that were wanted
	RampSeconds  float64 `json:"ramp_seconds"`
	Rate         float64 `json:"rate"` // check_status a second that were wanted
	WatchSeconds float64 `json:"watch_seconds"`
	// Engine is "epoll" or "goroutines".
	Engine string `json:"engine"`
	// Interrupted: the test was ended before its time, and tells what it
	// measured until then.
	Interrupted bool `json:"interrupted"`

	Handshakes Handshakes  `json:"handshakes"`
	Checks     Checks      `json:"checks"`
	Reveal     *RevealTime `json:"reveal"` // null when there was none
	// Closed is how many sockets the server ended, by close code: 1006 when the
	// connection broke without one, 1002, 1007 and 1009 when it broke the protocol.
	Closed map[string]int64 `json:"closed"`
	Faults Faults           `json:"faults"`
	// Examples are the first ten faults in words.
	Examples []string `json:"examples"`

	Server *ServerCost `json:"server"` // null without --pid
	Self   SelfCost    `json:"self"`
	// Bottleneck says, a sentence each, where the load test itself was what
	// limited the figures; empty when it was not. See Phase for the criteria.
	Bottleneck []string `json:"bottleneck"`
	// OK: nothing is wrong, see Report.Err.
	OK bool `json:"ok"`
}

// Handshakes is how the watchers came in.
type Handshakes struct {
	Opened    int64   `json:"opened"`
	PerSecond float64 `json:"per_second"` // from the first that began to the last that succeeded
	P50       float64 `json:"p50_ms"`     // from connecting to 101, of those that succeeded
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
	// Refused is how many got another answer than 101, by status. Watchers that
	// were refused with 503 or 429 come again after Retry-After, up to 5 times.
	Refused  map[string]int64 `json:"refused"`
	Failed   int64            `json:"failed"` // got no answer at all
	Failures map[string]int64 `json:"failures"`
	// MostRefused is how often the unluckiest watcher was refused or failed.
	MostRefused int   `json:"most_refused"`
	Missing     int64 `json:"missing"` // watchers that never came in
}

// Checks is how check_status was answered.
type Checks struct {
	Asked     int64   `json:"asked"`
	Answered  int64   `json:"answered"`
	PerSecond float64 `json:"per_second"` // answers
	P50       float64 `json:"p50_ms"`     // from the write to the read
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
	// Skipped were due and not asked, because every watcher still waited for an
	// answer.
	Skipped int64 `json:"skipped"`
}

// RevealTime is how the reveal reached the watchers.
type RevealTime struct {
	// Since is what the times count from: "request", the moment the load test
	// began the request that revealed; or "first", the first watcher that was
	// told, when somebody else revealed.
	Since    string  `json:"since"`
	Answered float64 `json:"answered_ms"` // the request; 0 when somebody else revealed
	Told     int     `json:"told"`        // watchers
	First    float64 `json:"first_ms"`
	Median   float64 `json:"median_ms"`
	P99      float64 `json:"p99_ms"`
	Last     float64 `json:"last_ms"`
}

// ServerCost is what the server's process spent, the kernel's work on its
// behalf included. A number is 0 where nothing was measured.
type ServerCost struct {
	PID int `json:"pid"`
	// SocketBytes is the growth of its proportional set size from before the
	// first handshake until everybody had the first status, divided by the
	// sockets. The kernel's own memory for a connection is not in it.
	SocketBytes  float64 `json:"socket_bytes"`
	HandshakeCPU float64 `json:"handshake_cpu_us"` // of the ramp ÷ handshakes: each with its first status
	CheckCPU     float64 `json:"check_cpu_us"`     // of the watch ÷ messages received in it
	RevealCPU    float64 `json:"reveal_cpu_us"`    // of the reveal ÷ messages received in it
}

// SelfCost is what the load test itself spent, and how late it was.
type SelfCost struct {
	CPUShare  float64 `json:"cpu_share"`   // of all processors of this machine, 0 to 1
	LoopBusy  float64 `json:"loop_busy"`   // share of the time that the event loop was at work, 0 to 1; epoll only
	WaitP50   float64 `json:"wait_p50_ms"` // how long messages lay in the kernel before they were read; epoll only, every 16th watcher
	WaitP99   float64 `json:"wait_p99_ms"`
	WaitMax   float64 `json:"wait_max_ms"`
	LateP99   float64 `json:"late_p99_ms"` // how late questions were asked
	LongRound float64 `json:"longest_round_ms"`
}

// Err is nil when every watcher came in and stayed, and nothing was lost,
// doubled, out of order or contradictory. Otherwise it says what was.
func (r Report) Err() error {
	var wrong []string
	note := func(n int64, what string) {
		if n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, what))
		}
	}
	note(r.Faults.Lost, "lost")
	note(r.Faults.Doubled, "doubled")
	note(r.Faults.OutOfOrder, "out of order")
	note(r.Faults.Contradictory, "contradictory")
	note(r.Faults.Unexpected, "unexpected")
	note(r.Faults.Protocol, "against the WebSocket protocol")
	if !r.Interrupted {
		note(r.Handshakes.Missing, "watchers never came in")
	}
	note(sum(r.Closed), "sockets closed by the server")
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, ", "))
}

func sum(counts map[string]int64) (total int64) {
	for _, n := range counts {
		total += n
	}
	return total
}

// ms is a time in milliseconds with three decimals.
func ms(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// percentile takes the value below which p percent of the sorted values lie
// (nearest rank), the zero value of none.
func percentile[T any](sorted []T, p float64) (value T) {
	if len(sorted) == 0 {
		return value
	}
	rank := int(p/100*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}
