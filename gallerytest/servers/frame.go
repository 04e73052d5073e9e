package servers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// framing reads the next piece of a stream that may be lost without spoiling
// what follows, and tells whether it is a message of a subscription.
type framing func(in *bufio.Reader) (content []byte, message bool, err error)

// chunks takes what is there: nothing is known of what it means.
func chunks(in *bufio.Reader) ([]byte, bool, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, false, err
	}
	content := make([]byte, in.Buffered())
	_, err := io.ReadFull(in, content)
	return content, false, err
}

// replies takes one reply or push of a Redis (RESP 2 and 3).
func replies(in *bufio.Reader) ([]byte, bool, error) {
	var content []byte
	if err := reply(in, &content); err != nil {
		return nil, false, err
	}
	message := false
	for _, start := range []string{">3\r\n$7\r\nmessage\r\n", "*3\r\n$7\r\nmessage\r\n", ">3\r\n$8\r\nsmessage\r\n", ">4\r\n$8\r\npmessage\r\n", "*4\r\n$8\r\npmessage\r\n"} {
		message = message || bytes.HasPrefix(content, []byte(start))
	}
	return content, message, nil
}

// reply appends one value of the protocol with everything inside of it.
func reply(in *bufio.Reader, content *[]byte) error {
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	*content = append(*content, line...)
	kind := line[0]
	switch kind {
	case '$', '=', '!', '*', '~', '>', '%', '|':
	default:
		return nil // the line is all
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(line[1:])))
	if err != nil {
		return fmt.Errorf("read a length: %w", err)
	}
	switch kind {
	case '$', '=', '!':
		if n < 0 {
			return nil // there is none
		}
		body := make([]byte, n+2)
		if _, err := io.ReadFull(in, body); err != nil {
			return err
		}
		*content = append(*content, body...)
		return nil
	case '%':
		n *= 2
	case '|':
		n = 2*n + 1 // attributes come before what they belong to
	}
	for range n {
		if err := reply(in, content); err != nil {
			return err
		}
	}
	return nil
}
