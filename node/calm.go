package node

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// calmFor is how long a warning is not repeated.
const calmFor = time.Minute

// calm writes each warning once a minute, however often it comes. What every
// request warns of, such as a full disk, would else bury the rest of the log,
// and need room itself. It goes by the message alone; other levels pass.
type calm struct {
	slog.Handler
	said *said
}

// said is when each message was written last. There are as many as there are
// words for them in the program.
type said struct {
	mu sync.Mutex
	at map[string]time.Time
}

func newCalm(log *slog.Logger) *slog.Logger {
	return slog.New(calm{log.Handler(), &said{at: map[string]time.Time{}}})
}

func (c calm) Handle(ctx context.Context, r slog.Record) error {
	if r.Level == slog.LevelWarn && !c.said.due(r.Message, r.Time) {
		return nil
	}
	return c.Handler.Handle(ctx, r)
}

func (s *said) due(message string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.at[message]; ok && now.Sub(last) < calmFor {
		return false
	}
	s.at[message] = now
	return true
}

// WithAttrs and WithGroup keep the memory; the embedded ones would lose it.
func (c calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return calm{c.Handler.WithAttrs(attrs), c.said}
}

func (c calm) WithGroup(name string) slog.Handler { return calm{c.Handler.WithGroup(name), c.said} }
