//go:build !unix

package websockets

import "net"

// openTransport goes through net.Conn: there is no descriptor that could be
// written without waiting.
func openTransport(conn net.Conn) transport { return plainTransport{conn} }
