package s3server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
)

// Server is a store with one bucket. The settings may be changed before the
// first request; the methods are safe for concurrent use at any time.
type Server struct {
	Bucket, Region       string
	AccessKey, SecretKey string
	SessionToken         string // "": none is asked for
	PageSize             int    // of listings, at most; 1000 like Amazon's
	SmallestPart         int    // of multipart uploads, but the last; 5 MiB like Amazon's

	t       testing.TB
	address string
	tls     *tls.Config // nil: http
	trust   *tls.Config // what a client needs

	mu      sync.Mutex
	http    *http.Server
	served  chan struct{} // closed when http.Serve has returned
	ending  chan struct{} // closed by Stop
	objects map[string]object
	uploads map[string]*upload // by id
	log     []*Request
	fault   func(Request) Fault
	now     func() time.Time
}

// Start starts a store that speaks http, and stops it with the test.
func Start(t testing.TB) *Server { return start(t, nil, nil) }

// StartTLS starts a store that speaks https; clients need [Server.TLS].
func StartTLS(t testing.TB) *Server {
	// The only use of httptest: it has a certificate for 127.0.0.1.
	lender := httptest.NewTLSServer(http.NotFoundHandler())
	defer lender.Close()
	trust := lender.Client().Transport.(*http.Transport).TLSClientConfig
	return start(t, &tls.Config{Certificates: lender.TLS.Certificates}, &tls.Config{RootCAs: trust.RootCAs})
}

func start(t testing.TB, security, trust *tls.Config) *Server {
	t.Helper()
	s := &Server{
		Bucket: "works", Region: "eu-central-7",
		AccessKey: "AKIATESTSONLY", SecretKey: "a secret key/for+tests only",
		PageSize: 1000, SmallestPart: 5 << 20,
		// Not port 0: it must be free again after Stop.
		t: t, address: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), tls: security, trust: trust,
		objects: map[string]object{}, uploads: map[string]*upload{}, now: time.Now,
	}
	s.Resume()
	t.Cleanup(s.Stop)
	return s
}

// Endpoint is the address of the store, such as http://127.0.0.1:4711.
func (s *Server) Endpoint() string {
	if s.tls != nil {
		return "https://" + s.address
	}
	return "http://" + s.address
}

// URL is what the gallery takes for --blobs.
func (s *Server) URL() string {
	return "s3://" + s.Bucket + "?" + url.Values{"endpoint": {s.Endpoint()}, "region": {s.Region}, "path-style": {"true"}}.Encode()
}

// TLS is what a client needs to trust a store of [StartTLS].
func (s *Server) TLS() *tls.Config { return s.trust }

// Stop cuts every connection and refuses new ones. What the store holds stays.
func (s *Server) Stop() {
	s.mu.Lock()
	server, served := s.http, s.served
	s.http = nil
	if server != nil {
		close(s.ending)
	}
	s.mu.Unlock()
	if server != nil {
		server.Close()
		<-served
	}
}

// Resume takes connections again after Stop, at the same address.
func (s *Server) Resume() {
	s.t.Helper()
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatalf("s3server: %v", err)
	}
	s.address = listener.Addr().String()
	if s.tls != nil {
		listener = tls.NewListener(listener, s.tls)
	}
	server, served := &http.Server{
		Handler:  http.HandlerFunc(s.serve),
		ErrorLog: log.New(io.Discard, "", 0), // clients that trust nobody, connections that tests cut
	}, make(chan struct{})
	s.mu.Lock()
	s.http, s.served, s.ending = server, served, make(chan struct{})
	s.mu.Unlock()
	go func() {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.t.Errorf("s3server: %v", err)
		}
	}()
}
