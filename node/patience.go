package node

import (
	"net/http"
	"time"
)

// writePatience is how long a client may take over one piece of an answer.
// There is no limit on the whole: a long film may take an hour over a slow line,
// as long as it keeps moving. It is not shorter because the kernel wakes a writer
// only when a third of the send buffer is free, which may be a megabyte.
const writePatience = time.Minute

// patientPiece is how many bytes must pass within writePatience.
const patientPiece = 32 << 10

// patient gives every piece of an answer its own deadline, so that a client
// that stops reading holds its connection for the patience and not for ever
// (an http.Server's WriteTimeout would cut the slow and honest as well).
func patient(patience time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := newPatientWriter(w, patience)
		// The connection may carry the deadline of the request before this one,
		// and what is buffered is written after the handler has returned.
		p.extend()
		defer p.extend()
		next.ServeHTTP(p, r)
	})
}

type patientWriter struct {
	http.ResponseWriter
	patience  time.Duration
	deadlines *http.ResponseController
}

func newPatientWriter(w http.ResponseWriter, patience time.Duration) *patientWriter {
	return &patientWriter{ResponseWriter: w, patience: patience, deadlines: http.NewResponseController(w)}
}

func (p *patientWriter) extend() {
	// The writers of tests have no deadlines; those of a server always do.
	_ = p.deadlines.SetWriteDeadline(time.Now().Add(p.patience))
}

func (p *patientWriter) WriteHeader(status int) {
	p.extend()
	p.ResponseWriter.WriteHeader(status)
}

func (p *patientWriter) Write(b []byte) (int, error) {
	// A piece at a time: one write of a megabyte would otherwise have to pass
	// within a single deadline.
	written := 0
	for {
		piece := b[written:min(written+patientPiece, len(b))]
		p.extend()
		n, err := p.ResponseWriter.Write(piece)
		written += n
		if err != nil || written >= len(b) {
			return written, err
		}
	}
}

func (p *patientWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }
