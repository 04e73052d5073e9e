package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"invisibleart.example/gallery/loadtest"
)

// loadtestCommand is `gallery loadtest`: a crowd before one artwork, and how the
// gallery bears it.
type loadtestCommand struct {
	URL      string        `name:"url" default:"http://127.0.0.1:8080" placeholder:"URL" help:"Where the gallery is (${default})."`
	Artwork  string        `required:"" placeholder:"ID" help:"The work before which the crowd gathers."`
	Watchers int           `default:"1000" placeholder:"N" help:"How many open the work's socket; each takes an open file here and one there (${default})."`
	Rate     float64       `default:"100" placeholder:"N" help:"How often check_status is asked a second, by all together (${default})."`
	Ramp     time.Duration `default:"10s" placeholder:"TIME" help:"Over how long the watchers come in; 0s for as fast as they can (${default})."`
	Duration time.Duration `default:"30s" placeholder:"TIME" help:"How long they stay once everybody is there (${default})."`
	PID      int           `name:"pid" placeholder:"PID" help:"The gallery's process, when it runs on this machine: its memory and processor time are measured."`
	Reveal   bool          `help:"Reveal the work by hand in the middle of it, with the token of its artist."`
	Token    string        `env:"GALLERY_TOKEN" placeholder:"TOKEN" help:"The artist's access token, for --reveal."`
	JSON     bool          `name:"json" help:"Print the result as one JSON object instead of a table."`
}

// Run prints what was measured, also when it is interrupted, and fails when the
// gallery did not keep what it promises.
func (l loadtestCommand) Run(ctx context.Context, io streams) error {
	plan := loadtest.Plan{
		URL: l.URL, Artwork: l.Artwork, Watchers: l.Watchers, Rate: l.Rate, Ramp: l.Ramp, Duration: l.Duration,
		PID: l.PID, Reveal: l.Reveal, Token: l.Token,
	}
	wipe := func() {}
	if screen, is := io.err.(*os.File); is && term.IsTerminal(int(screen.Fd())) {
		plan.Progress = func(p loadtest.Progress) { fmt.Fprint(screen, "\r\x1b[K"+progressLine(p)) }
		wipe = func() { fmt.Fprint(screen, "\r\x1b[K") }
	}
	report, err := plan.Run(ctx)
	wipe()
	if report.URL != "" {
		if printed := l.print(io.out, report); printed != nil {
			return fmt.Errorf("loadtest: print the result: %w", printed)
		}
		if hint := hintOn(report); hint != "" {
			fmt.Fprintln(io.err, hint)
		}
	}
	if err == nil {
		err = report.Err()
	}
	if err != nil && (report.URL != "" || ctx.Err() == nil) {
		return fmt.Errorf("loadtest: %w", err)
	}
	return nil
}

func (l loadtestCommand) print(out io.Writer, report loadtest.Report) error {
	if l.JSON {
		return json.NewEncoder(out).Encode(report)
	}
	return report.WriteTable(out)
}

// progressLine is short enough for a terminal of 80 columns.
func progressLine(p loadtest.Progress) string {
	line := fmt.Sprintf("%4.0fs  %-6s  %d of %d watchers", p.Elapsed.Seconds(), p.Phase, p.Open, p.Watchers)
	if p.Answered > 0 {
		line += fmt.Sprintf("  %d answers", p.Answered)
	}
	if p.Revealed > 0 {
		line += fmt.Sprintf("  %d told", p.Revealed)
	}
	if n := p.Faults.Total(); n > 0 {
		line += fmt.Sprintf("  %d FAULTS", n)
	}
	return line
}

// hintOn says what an operator may want to change who ran into a limit.
func hintOn(r loadtest.Report) string {
	var hints []string
	if r.Handshakes.Refused["429"] > 0 {
		hints = append(hints, "the gallery limits handshakes and sockets by address: start it with --rate-limits off for a load test")
	}
	if r.Closed["4429"] > 0 {
		hints = append(hints, "a watcher asked more often than the gallery lets: lower --rate or take more --watchers")
	}
	return strings.Join(hints, "\n")
}
