package loadtest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxHead bounds the head of a server's answer, in bytes.
const maxHead = 16 << 10

// greeting makes the opening handshakes of a swarm (RFC 6455, section 4.1).
type greeting struct {
	path  func(int) string
	after string // everything behind the request line but the key
	seed  [16]byte
}

func newGreeting(c Config) greeting {
	g := greeting{path: c.Path}
	rand.Read(g.seed[:]) // never fails
	var b strings.Builder
	fmt.Fprintf(&b, " HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", c.Host)
	c.Header.Write(&b) // a strings.Builder takes everything
	b.WriteString("Sec-WebSocket-Key: ")
	g.after = b.String()
	return g
}

// key is the nonce of a socket: the swarm's own with the number of the socket in
// it, so that an answer made for another socket does not pass.
func (g *greeting) key(socket int) (key [24]byte) {
	nonce := g.seed
	binary.LittleEndian.PutUint32(nonce[:], binary.LittleEndian.Uint32(nonce[:])^uint32(socket))
	base64.StdEncoding.Encode(key[:], nonce[:])
	return key
}

// request appends the request of a socket.
func (g *greeting) request(b []byte, socket int) []byte {
	key := g.key(socket)
	b = append(append(append(b, "GET "...), g.path(socket)...), g.after...)
	return append(append(b, key[:]...), "\r\n\r\n"...)
}

// answer is what a server said to a handshake.
type answer struct {
	status     int
	retryAfter time.Duration // negative when it said none
	rest       []byte        // what came behind the head: frames
}

// read reads the head of an answer. complete is false while some of it is
// missing. The error says what is wrong with an answer that is no refusal
// and no proper 101.
func (g *greeting) read(data []byte, socket int) (a answer, complete bool, err error) {
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		if len(data) > maxHead {
			return a, true, fmt.Errorf("the answer's head is longer than %d bytes", maxHead)
		}
		return a, false, nil
	}
	line, head, _ := bytes.Cut(data[:end], []byte("\r\n"))
	a.rest, a.retryAfter = data[end+4:], -1
	version, status, _ := strings.Cut(string(line), " ")
	status, _, _ = strings.Cut(status, " ")
	if a.status, err = strconv.Atoi(status); err != nil || !strings.HasPrefix(version, "HTTP/1.") || len(status) != 3 {
		return a, true, fmt.Errorf("the answer %.40q is not HTTP", line)
	}
	var upgrade, connection bool
	var accept string
	for field := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, _ := strings.Cut(string(field), ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "upgrade":
			upgrade = strings.EqualFold(value, "websocket")
		case "connection":
			for token := range strings.SplitSeq(value, ",") {
				connection = connection || strings.EqualFold(strings.TrimSpace(token), "upgrade")
			}
		case "sec-websocket-accept":
			accept = value
		case "sec-websocket-extensions", "sec-websocket-protocol":
			err = fmt.Errorf("the answer has a %s that nobody asked for", name)
		case "retry-after":
			a.retryAfter = retryAfter(value)
		}
	}
	switch {
	case a.status != http.StatusSwitchingProtocols:
		return a, true, nil
	case err != nil:
		return a, true, err
	case !upgrade || !connection:
		return a, true, fmt.Errorf("the answer 101 does not upgrade to websocket")
	case accept != g.accept(socket):
		return a, true, fmt.Errorf("the answer's Sec-WebSocket-Accept is wrong")
	}
	return a, true, nil
}

// accept is what the server must answer to the key of a socket (RFC 6455,
// section 4.2.2).
func (g *greeting) accept(socket int) string {
	key := g.key(socket)
	sum := sha1.Sum(append(key[:], "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3), negative when
// it is neither.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 3600)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return -1
}
