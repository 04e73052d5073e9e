package trial

import (
	"bytes"
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

// Stall is a message to everybody beside readers that have stopped reading, and
// one beside the same readers reading, in one process. The sockets are those of
// the notifications endpoint: a reveal comes once, and nothing else that the
// artwork socket says is enough to fill the kernel's buffers.
type Stall struct {
	Round    int `json:"round"`
	Watchers int `json:"watchers"`
	Readers  int `json:"readers"`
	// Without and With are how the message reached the others.
	Without Arrivals `json:"without"`
	With    Arrivals `json:"with"`
	// Fillers of about 1 KB were sent to each stalled reader, InKernel bytes of
	// which the kernel took; what is over the server has to keep or to drop.
	Fillers  int     `json:"fillers"`
	InKernel float64 `json:"in_kernel_bytes"`
	Growth   float64 `json:"growth_bytes"` // of the server's memory, for each stalled reader
	Evicted  int     `json:"evicted"`      // stalled readers that never got the message: the server had given them up
}

const (
	stalledReaders = 5
	batch          = 64 // fillers between two looks
	mostFillers    = 6000
	warmFillers    = 1000
)

// HoldUp measures a Stall. The readers are the artist's, who is told of each
// comment; the others are other people's and get nothing but the system message.
func HoldUp(ctx context.Context, h *servers.House, round, watchers int, settle time.Duration) (Stall, error) {
	s := Stall{Round: round, Watchers: watchers, Readers: stalledReaders}
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
	// Its title is in each filler.
	work, err := h.Named(ctx, strings.Repeat("🌙", 250), 2*mostFillers)
	if err != nil {
		return err
	}
	paths, err := h.NotificationPaths(ctx)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Everybody is told at once, whoever reads and whoever does not (%t).", stalled)
	told := func(_ int, payload []byte) bool { return bytes.Contains(payload, []byte(text)) }
	others, err := open(ctx, h.Addr(), paths, s.Watchers-s.Readers, told, nil)
	if err != nil {
		return err
	}
	defer func() { _ = others.leave() }()
	readers, err := open(ctx, h.Addr(), []string{h.ArtistPath()}, s.Readers, told, func(c *loadtest.Config) { c.ReceiveBuffer = 16 << 10 })
	if err != nil {
		return err
	}
	defer func() { _ = readers.leave() }()
	time.Sleep(settle)
	before, err := weigh(h)
	if err != nil {
		return err
	}
	if err := readers.stall(s.Readers, stalled); err != nil {
		return err
	}
	if err := s.fill(ctx, h, work, stalled); err != nil {
		return fmt.Errorf("fill the buffers: %w", err)
	}
	during, err := weigh(h)
	if err != nil {
		return err
	}
	triggered := loadtest.Now()
	if err := h.Announce(ctx, text); err != nil {
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
	if err != nil {
		return err
	}
	s.Growth = float64(max(during, after)-before) / float64(s.Readers)
	if err := readers.stall(s.Readers, false); err != nil {
		return err
	}
	readers.hear(ctx, 5*time.Second) // whoever was not given up gets everything
	s.Evicted = int(readers.missing.Load())
	return nil
}

// stall has the first n sockets stop reading, or read on.
func (c *crowd) stall(n int, stalled bool) error {
	for socket := range n {
		if err := c.swarm.Stall(socket, stalled); err != nil {
			return err
		}
	}
	return nil
}

// fill sends fillers until the kernel takes no more for readers that stall, and
// some more, which the server has to deal with.
func (s *Stall) fill(ctx context.Context, h *servers.House, work *servers.Work, stalled bool) error {
	if !stalled {
		return say(ctx, work, warmFillers)
	}
	held, full := int64(0), 0
	for sent := batch; sent <= mostFillers; sent += batch {
		if err := say(ctx, work, batch); err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
		now, err := unsent(h.Addr())
		if err != nil {
			return err
		}
		if now < held+batch*1000*int64(s.Readers)/4 {
			full++
		}
		held = max(held, now)
		if s.Fillers, s.InKernel = sent, float64(held)/float64(s.Readers); full == 2 {
			return nil
		}
	}
	return fmt.Errorf("%d fillers stalled nobody", mostFillers)
}

// say comments so often, four at a time.
func say(ctx context.Context, work *servers.Work, n int) error {
	var group sync.WaitGroup
	var next atomic.Int64
	errs := make(chan error, n)
	for range 4 {
		group.Go(func() {
			for next.Add(1) <= int64(n) {
				if err := work.Comment(ctx, "Beautiful."); err != nil {
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
