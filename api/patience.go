package api

import (
	"io"
	"net/http"
	"time"
)

const (
	leastRate = 16 << 10         // bytes a second that an upload must arrive with (docs/protocol.md, "REST")
	grace     = 10 * time.Second // what a slow start or a short stall may cost on top
)

// steadyReader reads a body that must keep arriving at leastRate: a sender
// that is slower on the whole, grace aside, holds a connection and an open file
// for nothing. Only the time that is spent waiting for the sender counts, not
// what the server does with the bytes in between.
type steadyReader struct {
	body   io.Reader
	conn   *http.ResponseController
	read   int64
	waited time.Duration
}

// Read reads until the deadline that all bytes before have earned; after it the
// error is os.ErrDeadlineExceeded.
func (s *steadyReader) Read(p []byte) (int, error) {
	start := time.Now()
	earned := time.Duration(s.read) * time.Second / leastRate
	_ = s.conn.SetReadDeadline(start.Add(grace + earned - s.waited)) // not every ResponseWriter can, in tests
	n, err := s.body.Read(p)
	s.read += int64(n)
	s.waited += time.Since(start)
	return n, err
}

// rest lets the connection be as patient as it was. It must be called when the
// body is done with: the deadline would else end the request's context while
// the handler still works.
func (s *steadyReader) rest() { _ = s.conn.SetReadDeadline(time.Time{}) }
