package node

import (
	"io"
	"net/http"
	"time"
)

const (
	// bodyPatience is how long a client may take over the body of a request
	// (docs/protocol.md, "REST"). An upload earns itself more as it arrives.
	bodyPatience = 15 * time.Second
	// lingerPatience is how long what still comes of a body that nobody reads
	// is read and dropped once the answer is out, and lingerBytes how much.
	lingerPatience = 2 * time.Second
	lingerBytes    = 16 << 20
)

// attend keeps a body that does not come from holding an answer up or a
// connection open. By itself net/http reads up to 256 KiB of what a handler
// left unread, before the answer or after it, as slowly as its client likes.
func attend(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Whether there was a Content-Length beside the Transfer-Encoding is not
		// told, nor whether there was a Transfer-Encoding in HTTP/1.0. Both may
		// hide a second request from a proxy in front, so what stands behind
		// either on the connection is not read (RFC 9112, section 6.1).
		if len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1) {
			w.Header().Set("Connection", "close")
		}
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		// Errors are those of tests, whose writers cannot do everything.
		conn := http.NewResponseController(w)
		_ = conn.SetReadDeadline(time.Now().Add(bodyPatience))
		_ = conn.EnableFullDuplex() // else net/http reads on before it sends the head of the answer
		body := &attended{ReadCloser: r.Body, conn: conn}
		r.Body = body
		answer := &parting{ResponseWriter: w, body: body}
		next.ServeHTTP(answer, r)
		if body.ended {
			return
		}
		answer.part() // a handler that wrote nothing has yet to answer 200
		_ = conn.Flush()
		// Closing on unread bytes makes the kernel send a reset, and that makes
		// the client's forget the answer it has not read yet.
		_ = conn.SetReadDeadline(time.Now().Add(lingerPatience))
		_, _ = io.CopyN(io.Discard, body.ReadCloser, lingerBytes) // a client that is gone has nothing to read
	})
}

// attended is a body that knows whether it was read to its end.
type attended struct {
	io.ReadCloser
	conn  *http.ResponseController
	ended bool
}

func (a *attended) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err == io.EOF && !a.ended {
		a.ended = true
		// Left standing, the deadline would end the request's context while the
		// handler still works.
		_ = a.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// parting tells the client of an answer that is given before its body was read
// that the connection ends with it.
type parting struct {
	http.ResponseWriter
	body   *attended
	parted bool
}

func (p *parting) part() {
	if !p.parted && !p.body.ended {
		p.Header().Set("Connection", "close")
	}
	p.parted = true
}

func (p *parting) WriteHeader(status int) {
	if status >= 200 { // informational answers go before the real one
		p.part()
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *parting) Write(b []byte) (int, error) {
	p.part()
	return p.ResponseWriter.Write(b)
}

func (p *parting) Unwrap() http.ResponseWriter { return p.ResponseWriter }
