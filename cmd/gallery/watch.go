package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/term"
)

// watchCommand is `gallery watch`: a WebSocket client for people.
type watchCommand struct {
	Token string `env:"GALLERY_TOKEN" placeholder:"TOKEN" help:"An access token, for the notifications socket."`
	Email string `placeholder:"ADDRESS" help:"Sign in with this account instead; the password comes from the terminal or standard input."`
	URL   string `arg:"" help:"An artwork's page or its address in the API, or a socket: http://…/artworks/ID, ws://…/ws/notifications/."`
}

// maxHeard is the longest message that is taken, in bytes. The gallery's are
// far shorter.
const maxHeard = 1 << 20

// handshakePatience bounds signing in and opening the socket.
const handshakePatience = 15 * time.Second

// Run prints each message on a line of its own until ctx ends, which is no
// failure, or the gallery closes the socket, which is one, with its code.
func (w watchCommand) Run(ctx context.Context, io streams) error {
	if w.Token != "" && w.Email != "" {
		return errors.New("watch: --token and --email exclude each other")
	}
	address, err := socketURL(w.URL)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	if w.Email != "" {
		if w.Token, err = w.signIn(ctx, io, address); err != nil {
			return fmt.Errorf("watch: sign in as %s: %w", w.Email, err)
		}
	}
	conn, err := dialSocket(ctx, address, w.Token)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("watch %s: %w", address, err)
	}
	defer conn.CloseNow()
	for {
		_, message, err := conn.Read(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watch: %w", farewell(err))
		}
		if _, err := fmt.Fprintf(io.out, "%s\n", oneLine(message)); err != nil {
			return fmt.Errorf("watch: print a message: %w", err)
		}
	}
}

// socketURL finds the socket that belongs to an address: itself when it is
// one, that of the artwork for a page or for REST.
func socketURL(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is not an address", address)
	}
	switch u.Scheme {
	case "http", "ws":
		u.Scheme = "ws"
	case "https", "wss":
		u.Scheme = "wss"
	default:
		return nil, fmt.Errorf("%s addresses have no sockets: http, https, ws and wss have", u.Scheme)
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if parts[0] == "ws" {
		return u, nil
	}
	for i, part := range parts[:len(parts)-1] {
		if part == "artworks" {
			u.Path, u.RawPath, u.RawQuery, u.Fragment = "/ws/artwork/"+parts[i+1]+"/", "", "", ""
			return u, nil
		}
	}
	return nil, fmt.Errorf("%s has no socket: give the address of an artwork, or of a socket such as %s://%s/ws/notifications/", address, u.Scheme, u.Host)
}

// dialSocket opens the socket. The token travels in a header: addresses end up
// in logs.
func dialSocket(ctx context.Context, address *url.URL, token string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakePatience)
	defer cancel()
	options := &websocket.DialOptions{HTTPHeader: http.Header{}}
	if token != "" {
		options.HTTPHeader.Set("Authorization", "Bearer "+token)
	}
	conn, response, err := websocket.Dial(ctx, address.String(), options)
	if err == nil {
		conn.SetReadLimit(maxHeard)
		return conn, nil
	}
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		return nil, refusal(response)
	}
	return nil, err
}

// signIn gets an access token from the gallery that the socket belongs to.
func (w watchCommand) signIn(ctx context.Context, s streams, socket *url.URL) (token string, err error) {
	var password string
	if term.IsTerminal(int(s.in.Fd())) {
		password, err = ask(ctx, s, "Password: ") // once: a wrong one is told at once
	} else {
		password, err = readPassword(ctx, s)
	}
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]string{"email": w.Email, "password": password})
	if err != nil {
		return "", err
	}
	login := url.URL{Scheme: strings.Replace(socket.Scheme, "ws", "http", 1), Host: socket.Host, Path: "/api/v1/auth/login"}
	ctx, cancel := context.WithTimeout(ctx, handshakePatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, login.String(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", refusal(response)
	}
	var signed struct{ Access string }
	if err := json.NewDecoder(io.LimitReader(response.Body, maxHeard)).Decode(&signed); err != nil || signed.Access == "" {
		return "", fmt.Errorf("%s did not answer like a gallery", login.Redacted())
	}
	return signed.Access, nil
}

// refusal makes an error of an answer: the status, and what the gallery says
// about it.
func refusal(response *http.Response) error {
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // what came is enough
	var problem struct{ Detail string }
	if json.Unmarshal(text, &problem) == nil && problem.Detail != "" {
		return fmt.Errorf("%s: %s", response.Status, problem.Detail)
	}
	return errors.New(response.Status)
}

// farewell says how the socket was closed, in words for the codes of
// docs/protocol.md.
func farewell(err error) error {
	var closed websocket.CloseError
	if !errors.As(err, &closed) {
		return fmt.Errorf("the connection broke: %w", err)
	}
	words := map[websocket.StatusCode]string{
		1001: "the gallery is going away; try again in a moment",
		1013: "the gallery is busy; try again later",
		4401: "the token has expired or was revoked",
		4404: "the artwork was deleted",
		4408: "too slow: messages were waiting for too long",
		4429: "too many messages",
	}[closed.Code]
	if words == "" {
		words = closed.Reason
	}
	return fmt.Errorf("the gallery closed the socket with %d: %s", closed.Code, words)
}

// oneLine is a message without line breaks of its own.
func oneLine(message []byte) []byte {
	var compact bytes.Buffer
	if err := json.Compact(&compact, message); err != nil {
		return bytes.ReplaceAll(message, []byte("\n"), []byte(" "))
	}
	return compact.Bytes()
}
