package s3

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// readAhead is how many bytes the system takes in for a reader that is slower
// than the store. Left to itself it takes up to 6 MiB for each, which a visitor
// who skips through a film throws away with every step.
const readAhead = 256 << 10

// newTransport makes the connections to the store. They end when nothing moves
// on them for as long as patience: a store that is half gone, such as behind a
// cut cable, would otherwise hold up whoever reads for the quarter of an hour
// that TCP takes to notice, however often the library retries.
func newTransport(patience time.Duration, security *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: patience}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			if tcp, ok := conn.(*net.TCPConn); ok {
				if err := tcp.SetReadBuffer(readAhead); err != nil {
					conn.Close()
					return nil, err
				}
			}
			return &impatientConn{Conn: conn, patience: patience}, nil
		},
		TLSClientConfig:     security,
		TLSHandshakeTimeout: patience,
		MaxIdleConns:        64,
		MaxIdleConnsPerHost: 64, // the default of 2 would reconnect for most visitors
		// Sealed bytes do not compress, and Content-Range counts what is stored.
		DisableCompression: true,
	}
}

// impatientConn is a connection that fails when nothing moves on it. Idle in
// the pool it ends for the same reason, which costs no more than a handshake.
type impatientConn struct {
	net.Conn
	patience time.Duration
}

func (c *impatientConn) Read(p []byte) (int, error) {
	if err := c.Conn.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *impatientConn) Write(p []byte) (int, error) {
	// Both: the transport has been reading for the answer since the request
	// began, and that answer comes after a long body only.
	if err := c.Conn.SetDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
