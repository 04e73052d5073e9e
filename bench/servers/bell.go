package servers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Bell publishes reveals to the nodes of a gallery straight through Redis, as
// another node would: what the broker carries is recorded from a real reveal
// and said again for another work.
type Bell struct {
	conn     net.Conn
	in       *bufio.Reader
	channel  string // with WORK for the id
	envelope string
}

const anyWork = "WORK"

// Bell records a reveal of a work that nobody watches.
func (h *House) Bell(ctx context.Context) (*Bell, error) {
	if h.redis == nil {
		return nil, errors.New("this gallery has no Redis")
	}
	work, err := h.Hang(ctx, 1)
	if err != nil {
		return nil, err
	}
	listener, err := net.Dial("tcp", h.redis.addr)
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	if err := listener.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	in := bufio.NewReader(listener)
	if _, err := io.WriteString(listener, command("PSUBSCRIBE", "*")); err != nil {
		return nil, err
	}
	if _, err := reply(in); err != nil {
		return nil, err
	}
	if err := work.Broadcast(ctx); err != nil {
		return nil, err
	}
	b := new(Bell)
	for b.channel == "" {
		said, err := reply(in) // pmessage, pattern, channel, payload
		if err != nil {
			return nil, fmt.Errorf("record a reveal: %w", err)
		}
		if len(said) == 4 && strings.Contains(said[2], work.ID) && strings.Contains(said[3], `"type":"artwork_revealed"`) {
			b.channel = strings.ReplaceAll(said[2], work.ID, anyWork)
			b.envelope = strings.ReplaceAll(said[3], work.ID, anyWork)
		}
	}
	if b.conn, err = net.Dial("tcp", h.redis.addr); err != nil {
		return nil, err
	}
	b.in = bufio.NewReader(b.conn)
	return b, nil
}

// Ring publishes the reveal of a work. It returns when Redis has answered.
func (b *Bell) Ring(w *Work) error {
	if err := b.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(b.conn, command("PUBLISH", strings.ReplaceAll(b.channel, anyWork, w.ID), strings.ReplaceAll(b.envelope, anyWork, w.ID))); err != nil {
		return err
	}
	said, err := reply(b.in)
	if err == nil && said[0] != "1" {
		err = fmt.Errorf("PUBLISH reached %s nodes, want 1", said[0])
	}
	return err
}

// Close ends the connection.
func (b *Bell) Close() error { return b.conn.Close() }

// command is a command in RESP.
func command(words ...string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&text, "$%d\r\n%s\r\n", len(word), word)
	}
	return text.String()
}

// reply reads one reply: a line, a string, or a list of those.
func reply(in *bufio.Reader) ([]string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	rest := strings.TrimSpace(line[1:])
	var n int
	switch line[0] {
	case '-':
		return nil, errors.New(rest)
	case '$', '*':
		if _, err := fmt.Sscan(rest, &n); err != nil {
			return nil, err
		}
	default:
		return []string{rest}, nil
	}
	if line[0] == '$' {
		text := make([]byte, n+2)
		_, err := io.ReadFull(in, text)
		return []string{string(text[:n])}, err
	}
	var all []string
	for range n {
		one, err := reply(in)
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}
