package trial

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"invisibleart.example/gallery/bench/servers"
	"invisibleart.example/gallery/loadtest"
)

// Stall is a reveal beside readers that have stopped reading, and one beside
// the same readers reading, in one process.
type Stall struct {
	Round    int `json:"round"`
	Watchers int `json:"watchers"`
	Readers  int `json:"readers"`
	// Without and With are how the reveal reached the others.
	Without Arrivals `json:"without"`
	With    Arrivals `json:"with"`
	// Comments of 8 KB were sent to the stalled readers, InKernel bytes of which
	// the kernel took for each; the rest of them the server has to keep or drop.
	Comments int     `json:"comments"`
	InKernel float64 `json:"in_kernel_bytes"`
	Growth   float64 `json:"growth_bytes"` // of the server's memory, for each stalled reader
	Evicted  int     `json:"evicted"`      // stalled readers the server had given up by the end
}

const (
	stalledReaders = 5
	comment        = 2000 // characters of 4 bytes
	batch          = 16   // comments between two looks
	mostComments   = 3000
)

// HoldUp measures a Stall. The readers watch with ?live=1, so that comments can
// fill their buffers; the others do not, and get nothing but the reveal.
func HoldUp(ctx context.Context, h *servers.House, round, watchers int, settle time.Duration) (Stall, error) {
	s := Stall{Round: round, Watchers: watchers, Readers: stalledReaders}
	if err := warm(ctx, h, min(warmers, watchers)); err != nil {
		return s, err
	}
	// First the same with readers that read: the heap then has seen it all.
	if err := s.hold(ctx, h, false, settle); err != nil {
		return s, fmt.Errorf("readers that read: %w", err)
	}
	if err := s.hold(ctx, h, true, settle); err != nil {
		return s, fmt.Errorf("readers that stall: %w", err)
	}
	return s, nil
}

func (s *Stall) hold(ctx context.Context, h *servers.House, stalled bool, settle time.Duration) error {
	work, err := h.Hang(ctx, mostComments*2)
	if err != nil {
		return err
	}
	others, err := gather(ctx, h.Addr(), []servers.Topic{work}, s.Watchers-s.Readers, nil)
	if err != nil {
		return err
	}
	defer func() { _ = others.leave() }()
	readers, err := open(ctx, h.Addr(), []string{work.Path() + "?live=1"}, [][]byte{work.Payload()}, s.Readers,
		func(c *loadtest.Config) { c.ReceiveBuffer = 16 << 10 })
	if err != nil {
		return err
	}
	defer func() { _ = readers.leave() }()
	time.Sleep(settle)
	before, err := weigh(h)
	if err != nil {
		return err
	}
	if stalled {
		for n := range s.Readers {
			if err := readers.swarm.Stall(n, true); err != nil {
				return err
			}
		}
	}
	if err := s.fill(ctx, h, work, stalled); err != nil {
		return fmt.Errorf("comment: %w", err)
	}
	during, err := weigh(h)
	if err != nil {
		return err
	}
	triggered := loadtest.Now()
	if err := work.Reveal(ctx); err != nil {
		return err
	}
	others.hear(ctx, patience)
	time.Sleep(again)
	arrivals := others.arrivals([]int64{triggered}, nil)
	if !stalled {
		s.Without = arrivals
		return nil
	}
	s.With = arrivals
	after, err := weigh(h)
	s.Growth = float64(max(during, after)-before) / float64(s.Readers)
	for n := range s.Readers {
		if err := readers.swarm.Stall(n, false); err != nil {
			return err
		}
	}
	readers.hear(ctx, 5*time.Second) // whoever was not given up gets everything
	s.Evicted = int(readers.missing.Load())
	return err
}

// fill sends comments until the kernel takes no more for readers that stall,
// and a batch more, which the server has to deal with. Readers that read get
// about as many.
func (s *Stall) fill(ctx context.Context, h *servers.House, work *servers.Work, stalled bool) error {
	text := strings.Repeat("🌙", comment)
	held, full := int64(0), 0
	for sent := batch; sent <= mostComments; sent += batch {
		if err := say(ctx, work, text, batch); err != nil {
			return err
		}
		if !stalled {
			if sent >= 400 {
				return nil
			}
			continue
		}
		time.Sleep(20 * time.Millisecond)
		now, err := unsent(h.Addr())
		if err != nil {
			return err
		}
		if now-held < batch*comment*4*int64(s.Readers)/4 {
			full++
		}
		held = max(held, now)
		if s.Comments, s.InKernel = sent, float64(held)/float64(s.Readers); full == 2 {
			return nil
		}
	}
	return fmt.Errorf("%d comments of 8 KB stalled nobody", mostComments)
}

// say sends comments, four at a time.
func say(ctx context.Context, work *servers.Work, text string, n int) error {
	var group sync.WaitGroup
	var next atomic.Int64
	errs := make(chan error, n)
	for range 4 {
		group.Go(func() {
			for next.Add(1) <= int64(n) {
				if err := work.Comment(ctx, text); err != nil {
					errs <- err
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// unsent is how many bytes the kernel keeps for the peers of a listening
// address, which have not taken them: the send queues of /proc/net/tcp.
func unsent(addr string) (int64, error) {
	_, port, _ := strings.Cut(addr, ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		return 0, err
	}
	local := fmt.Sprintf(":%04X", number)
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0, err
	}
	var sum int64
	for line := range strings.SplitSeq(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 4 && strings.HasSuffix(fields[1], local) && fields[3] == "01" {
			waiting, _, _ := strings.Cut(fields[4], ":")
			bytes, err := strconv.ParseInt(waiting, 16, 64)
			if err != nil {
				return 0, fmt.Errorf("read /proc/net/tcp: %w", err)
			}
			sum += bytes
		}
	}
	return sum, nil
}
