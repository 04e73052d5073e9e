package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"
)

// maxPasswordInput bounds what is read from standard input: 256 characters of
// up to four bytes, and room to notice that it is too long.
const maxPasswordInput = 4096

// readPassword reads a password: from a terminal twice and without echo, from
// anything else all there is, less one line ending. Whether it is a good one is
// not asked here.
func readPassword(ctx context.Context, s streams) (string, error) {
	if !term.IsTerminal(int(s.in.Fd())) {
		text, err := io.ReadAll(io.LimitReader(s.in, maxPasswordInput))
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		return string(text), nil
	}
	first, err := ask(ctx, s, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := ask(ctx, s, "Again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

// ask reads a line from the terminal without echo. When ctx ends first, the
// terminal gets its echo back: a process that dies of Ctrl-C would leave its
// user typing blind.
func ask(ctx context.Context, s streams, prompt string) (string, error) {
	fd := int(s.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	fmt.Fprint(s.err, prompt)
	defer fmt.Fprintln(s.err)
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() { // ends with the process when nobody types any more
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(errors.New("no password: interrupted"), term.Restore(fd, before))
	case l := <-read:
		if l.err != nil {
			return "", fmt.Errorf("read the password: %w", l.err)
		}
		return strings.TrimSuffix(string(l.text), "\r"), nil
	}
}
