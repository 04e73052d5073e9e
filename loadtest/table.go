package loadtest

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteTable writes the report for people.
func (r Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }

	row("watchers", "%d of %d came in%s", r.Handshakes.Opened, r.Watchers, ended(r.Interrupted))
	row("handshakes", "%.0f a second   p50 %s   p99 %s   slowest %s", r.Handshakes.PerSecond, inMs(r.Handshakes.P50), inMs(r.Handshakes.P99), inMs(r.Handshakes.Max))
	if len(r.Handshakes.Refused) > 0 {
		row("refused", "%s   at most %d times one watcher", byStatus(r.Handshakes.Refused), r.Handshakes.MostRefused)
	}
	if r.Handshakes.Failed > 0 {
		row("failed", "%s", byStatus(r.Handshakes.Failures))
	}
	row("check_status", "%d asked, %d answered, %.0f a second   p50 %s   p99 %s   slowest %s", r.Checks.Asked, r.Checks.Answered,
		r.Checks.PerSecond, inMs(r.Checks.P50), inMs(r.Checks.P99), inMs(r.Checks.Max))
	if r.Checks.Skipped > 0 {
		row("", "%d were not asked: nobody was there who did not wait for an answer already", r.Checks.Skipped)
	}
	r.revealRows(row)
	row("lost", "%d", r.Faults.Lost)
	row("doubled", "%d", r.Faults.Doubled)
	row("out of order", "%d", r.Faults.OutOfOrder)
	row("contradictory", "%d", r.Faults.Contradictory)
	if n := r.Faults.Unexpected + r.Faults.Protocol; n > 0 {
		row("nonsense", "%d messages, %d breaches of the protocol", r.Faults.Unexpected, r.Faults.Protocol)
	}
	if len(r.Closed) > 0 {
		row("closed by server", "%s", byStatus(r.Closed))
	}
	if s := r.Server; s != nil {
		row("memory", "%.2f KiB a socket (PSS of process %d)", s.SocketBytes/1024, s.PID)
		row("processor time", "%.0f µs a handshake%s%s", s.HandshakeCPU,
			perMessage(s.CheckCPU, "a message of check_status"), perMessage(s.RevealCPU, "a message of the reveal"))
	}
	row("load test", "%.0f %% of the processors   messages waited for it: p50 %s, p99 %s   questions late: p99 %s",
		100*r.Self.CPUShare, inMs(r.Self.WaitP50), inMs(r.Self.WaitP99), inMs(r.Self.LateP99))
	for _, doubt := range r.Bottleneck {
		row("bottleneck itself", "%s", doubt)
	}
	for _, example := range r.Examples {
		row("wrong", "%s", example)
	}
	return t.Flush()
}

// revealRows tells of the reveal, and what its times count from.
func (r Report) revealRows(row func(name, format string, args ...any)) {
	v := r.Reveal
	if v == nil {
		row("reveal", "there was none")
		return
	}
	times := fmt.Sprintf("first %s   half %s   99 %% %s   last %s", inMs(v.First), inMs(v.Median), inMs(v.P99), inMs(v.Last))
	if v.Since == "request" {
		row("reveal", "%d told   %s   after the request, which was answered after %s", v.Told, times, inMs(v.Answered))
		return
	}
	row("reveal", "%d told   %s   after the first watcher was told: somebody else revealed", v.Told, times)
}

func ended(early bool) string {
	if early {
		return "; the test was interrupted"
	}
	return ""
}

func perMessage(us float64, what string) string {
	if us == 0 {
		return ""
	}
	return fmt.Sprintf("   %.1f µs %s", us, what)
}

// inMs writes milliseconds with as many digits as mean something.
func inMs(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// byStatus lists counts by their names, the most frequent first.
func byStatus(counts map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s × %d", name, counts[name])
	}
	return strings.Join(parts, "   ")
}
