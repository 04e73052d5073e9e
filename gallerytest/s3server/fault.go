package s3server

import (
	"net/http"
	"time"
)

// Request is one request as the log has it.
type Request struct {
	Op       string // as Amazon calls it: GetObject, UploadPart, ListObjectsV2 …
	Key      string
	Range    string // the header
	IfMatch  string // the header
	Payload  string // X-Amz-Content-Sha256, a checksum as "checksum"
	Received int64  // bytes of its body, decoded
	Sent     int64  // bytes of its answer's body, 0 until it has ended
	Status   int    // of the answer, 0 until it has ended, and when it was cut before
}

// Fault is what goes wrong with a request. The zero Fault is nothing.
type Fault struct {
	Delay  time.Duration // before anything is looked at
	Status int           // refused with it: 503, 500, 507 …
	Cut    Cut           // the connection ends
	After  int64         // this many bytes of the body that is cut
	Ignore string        // a header that is not looked at, but for the signature
}

// Cut says where a connection ends.
type Cut int

const (
	CutNothing Cut = iota
	CutRequest     // in the middle of the request's body: nothing is done
	CutAnswer      // in the middle of the answer's body
	HangAnswer     // there too, but it stays open and silent
	LoseAnswer     // everything is done, and nothing of it is answered
)

// Fault asks f about every request from now on, before it is looked at; nil ends
// that. f may be called by several goroutines at once.
func (s *Server) Fault(f func(Request) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Requests lists the requests that have come since the last call, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var log []Request
	for _, r := range s.log {
		log = append(log, *r)
	}
	s.log = nil
	return log
}

// serve runs one request through its fault and logs it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := &call{Server: s, w: w, r: r}
	c.request = Request{Op: c.op(), Key: c.key(), Range: r.Header.Get("Range"), IfMatch: r.Header.Get("If-Match"), Payload: r.Header.Get(sumHeader)}
	if len(c.request.Payload) == 64 {
		c.request.Payload = "checksum"
	}
	logged := c.request
	s.mu.Lock()
	s.log = append(s.log, &logged)
	fault := s.fault
	c.ended = s.ending
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		logged = c.request
		s.mu.Unlock()
	}()
	if fault != nil {
		c.fault = fault(c.request)
	}
	if c.fault.Delay > 0 {
		select {
		case <-time.After(c.fault.Delay):
		case <-r.Context().Done():
			return // nobody waits for it any more
		case <-c.ended:
			panic(http.ErrAbortHandler)
		}
	}
	if c.fault.Status != 0 {
		c.refuse(c.fault.Status, map[int]string{500: "InternalError", 503: "SlowDown", 507: "XMinioStorageFull", 403: "AccessDenied"}[c.fault.Status], "Because the test says so.")
		return
	}
	if c.authorize() {
		c.do()
	}
}
