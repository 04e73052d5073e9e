package trial

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"

	"invisibleart.example/gallery/bench/servers"
)

// ViewRate is one run of BenchmarkViews: views of one work a second, by 64
// clients in the process, each answered after its durable commit.
type ViewRate struct {
	Engine string  `json:"engine"`
	Rate   float64 `json:"views_per_s"`
}

var rate = regexp.MustCompile(`BenchmarkViews/(\w+)\S*\s.*?([\d.]+) views/s`)

// CountViews runs the gallery's own benchmark so often for so long. Without
// PostgreSQL only SQLite is measured.
func CountViews(ctx context.Context, w *servers.Workshop, times int, each string) (rates []ViewRate, err error) {
	pattern, source := "BenchmarkViews$/SQLite", ""
	if servers.HasPostgreSQL() == "" {
		p, err := servers.StartPostgreSQL(ctx, w)
		if err != nil {
			return nil, err
		}
		defer func() {
			if closed := p.Close(); err == nil {
				err = closed
			}
		}()
		pattern, source = "BenchmarkViews$", p.URL
	}
	// Through env(1), which keeps the rest of the environment as it is.
	cmd := exec.CommandContext(ctx, "env", "GALLERY_CURATOR_BENCH_DATABASE="+source, "go", "test", "-run", "^$", "-bench", pattern, "-benchtime", each, "-count", strconv.Itoa(times), "./curator")
	cmd.Dir = w.Root
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("count views: %w\n%s", err, out)
	}
	for _, m := range rate.FindAllSubmatch(out, -1) {
		n, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return nil, err
		}
		rates = append(rates, ViewRate{string(m[1]), n})
	}
	if len(rates) == 0 {
		return nil, fmt.Errorf("count views: no rate in what it said:\n%s", out)
	}
	return rates, nil
}
