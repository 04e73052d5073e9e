package api

import (
	"io"
	"net/http"
	"time"
)

const (
	leastRate = 16 << 10         // bytes a second that an upload must arrive with (docs/protocol.md, "REST")
	grace     = 10 * time.Second // what a slow start or a short stall may cost on top
	saved     = 30 * time.Second // the most of a pause that bytes before it can pay for
)

// steadyReader reads a body that must keep arriving at leastRate: a sender that
// is slower holds a connection and an open file for nothing. Bytes that came
// faster may be followed by a pause, but not by any: 8 MiB at once would else
// earn eight minutes of silence. Only the time that is spent waiting for the
// sender counts, not what the server does with the bytes in between.
type steadyReader struct {
	body  io.Reader
	conn  *http.ResponseController
	spare time.Duration // how long the next bytes may take
}

func newSteadyReader(body io.Reader, conn *http.ResponseController) *steadyReader {
	return &steadyReader{body: body, conn: conn, spare: grace}
}

// Read reads until the deadline that the bytes before have earned; after it the
// error is os.ErrDeadlineExceeded.
func (s *steadyReader) Read(p []byte) (int, error) {
	start := time.Now()
	_ = s.conn.SetReadDeadline(start.Add(s.spare)) // not every ResponseWriter can, in tests
	n, err := s.body.Read(p)
	earned := time.Duration(n) * time.Second / leastRate
	s.spare = min(s.spare+earned-time.Since(start), saved)
	return n, err
}

// rest lets the connection be as patient as it was. It must be called when the
// body is done with: the deadline would else end the request's context while
// the handler still works.
func (s *steadyReader) rest() { _ = s.conn.SetReadDeadline(time.Time{}) }
