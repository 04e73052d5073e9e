package websockets

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
)

// acceptGUID is what the server adds to the client's key, to show that it knows
// the protocol (RFC 6455, section 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Upgrade makes a WebSocket of a request and takes its connection over from
// net/http. No extension and no subprotocol is agreed on. Messages may reach h
// before it returns; h must not keep r, which holds on to much memory.
//
// Nothing was written when it fails: with a *HandshakeError when
// [CheckHandshake] refuses r, with another error when the connection cannot be
// taken over, which is the server's fault.
func (e *Engine) Upgrade(w http.ResponseWriter, r *http.Request, h Handler) (*Conn, error) {
	if err := CheckHandshake(r); err != nil {
		return nil, err
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, fmt.Errorf("take the connection over: %w", err)
	}
	greeting := switchingProtocols(r.Header.Get("Sec-Websocket-Key"))
	return e.begin(e.link(conn), greeting, takeBuffered(buffered.Reader), h), nil
}

// takeBuffered copies what net/http has read beyond the request, where a client
// may have begun with its frames, so that its buffers can go.
func takeBuffered(r *bufio.Reader) []byte {
	if r.Buffered() == 0 {
		return nil
	}
	early := make([]byte, r.Buffered())
	r.Read(early) // one Read never asks for more than what is buffered
	return early
}

// switchingProtocols is the answer that ends the handshake (RFC 6455, section
// 4.2.2).
func switchingProtocols(key string) []byte {
	sum := sha1.Sum([]byte(key + acceptGUID))
	const head = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
	b := make([]byte, 0, len(head)+base64.StdEncoding.EncodedLen(len(sum))+4)
	b = base64.StdEncoding.AppendEncode(append(b, head...), sum[:])
	return append(b, "\r\n\r\n"...)
}
