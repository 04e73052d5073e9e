//go:build unix

package main

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/gallerytest/servers"
)

// usage ends a script that uses a verb wrongly; none of them can be negated.
func usage(ts *testscript.TestScript, neg bool, args []string, least, most int, form string) {
	if neg || len(args) < least || len(args) > most {
		ts.Fatalf("usage: %s", form)
	}
}

// poll asks until it is so, or ends the script after patience.
func poll(ts *testscript.TestScript, patience time.Duration, so func() bool, format string, args ...any) {
	for deadline := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf(format, args...)
		}
	}
}

// await FILE PATTERN [NAME] waits until the regular expression matches in the
// file, and keeps the first group, if there is one, as $NAME.
func await(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, 3, "await FILE PATTERN [NAME]")
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	var match [][]byte
	poll(ts, gallerytest.Patience, func() bool {
		content, _ := os.ReadFile(ts.MkAbs(args[0])) // it may not be there yet
		match = pattern.FindSubmatch(content)
		return match != nil
	}, "%s does not match %s", args[0], args[1])
	if len(args) == 3 {
		ts.Setenv(args[2], string(match[len(match)-1]))
	}
}

// get URL STATUS [PATTERN] asks for an address, and looks for the pattern in
// the answer.
func get(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, 3, "get URL STATUS [PATTERN]")
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(args[0])
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if got, want := strconv.Itoa(response.StatusCode), args[1]; got != want {
		ts.Fatalf("get %s: got status %s, want %s: %s", args[0], got, want, body)
	}
	if len(args) == 3 && !regexp.MustCompile(args[2]).Match(body) {
		ts.Fatalf("get %s: got %s, want something that matches %s", args[0], body, args[2])
	}
}

// occupy NAME takes a free port until the end of the script and keeps its
// address as $NAME.
func occupy(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, 1, "occupy NAME")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Setenv(args[0], listener.Addr().String())
}

// ended PIDFILE DURATION waits until the process is gone.
func ended(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, 2, "ended PIDFILE DURATION")
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	patience, err := time.ParseDuration(args[1])
	ts.Check(err)
	poll(ts, patience, func() bool { return syscall.Kill(pid, 0) != nil }, "process %d still runs after %v", pid, patience)
}

// listen NAME URL TOKENFILE opens the notifications socket of the token in the
// file.
func listenTo(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 3, 3, "listen NAME URL TOKENFILE")
	transport := &http.Transport{DisableKeepAlives: true}
	house := gallerytest.House{URL: args[1], Client: &http.Client{Transport: transport}}
	socket, status, err := house.TryDial("/ws/notifications/?token=" + strings.TrimSpace(ts.ReadFile(args[2])))
	if err != nil {
		ts.Fatalf("open the socket: status %d: %v", status, err)
	}
	ts.Defer(socket.Close)
	sockets := ts.Value(socketsKey{}).(map[string]*gallerytest.Socket)
	sockets[args[0]] = socket
}

// socketsKey finds a script's sockets, by name.
type socketsKey struct{}

func socketNamed(ts *testscript.TestScript, name string) *gallerytest.Socket {
	socket := ts.Value(socketsKey{}).(map[string]*gallerytest.Socket)[name]
	if socket == nil {
		ts.Fatalf("there is no socket %s", name)
	}
	return socket
}

// heard NAME PATTERN DURATION waits until a message that matches has come.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 3, 3, "heard NAME PATTERN DURATION")
	socket, pattern := socketNamed(ts, args[0]), regexp.MustCompile(args[1])
	patience, err := time.ParseDuration(args[2])
	ts.Check(err)
	poll(ts, patience, func() bool {
		for _, m := range socket.Log() {
			if pattern.MatchString(m.Raw) {
				return true
			}
		}
		return false
	}, "%s did not hear %s within %v", args[0], args[1], patience)
}

// closed NAME CODE DURATION waits until the socket is closed with the code.
func closed(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 3, 3, "closed NAME CODE DURATION")
	socket := socketNamed(ts, args[0])
	patience, err := time.ParseDuration(args[2])
	ts.Check(err)
	poll(ts, patience, func() bool { return !socket.IsOpen() }, "%s is still open after %v", args[0], patience)
	if got, want := strconv.Itoa(socket.CloseCode()), args[1]; got != want {
		ts.Fatalf("%s was closed with %s, want %s", args[0], got, want)
	}
}

// newer FILE makes the store one of a program that does not exist yet.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, 1, "newer FILE")
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
	ts.Check(err)
}

// hang ADDR begins a request and never ends it. The server asks for the body
// when its handler reads, so from then on there is a handler that waits.
func hang(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, 1, "hang ADDR")
	conn, err := net.Dial("tcp", args[0])
	ts.Check(err)
	ts.Defer(func() { conn.Close() })
	ts.Check(conn.SetDeadline(time.Now().Add(gallerytest.Patience)))
	_, err = fmt.Fprintf(conn, "POST /api/v1/auth/login HTTP/1.1\r\nHost: %s\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n", args[0])
	ts.Check(err)
	const want = "HTTP/1.1 100 Continue\r\n\r\n"
	got := make([]byte, len(want))
	if _, err = io.ReadFull(conn, got); err != nil || string(got) != want {
		ts.Fatalf("got %q (%v), want %q", got, err, want)
	}
	_, err = io.WriteString(conn, "{")
	ts.Check(err)
}

// servers DATABASE REDIS starts PostgreSQL and Redis and keeps the URL of an
// empty database, and that of the server, under these names. t is the test
// around all scripts.
func startServers(t *testing.T, ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, 2, "servers DATABASE REDIS")
	ts.Setenv(args[0], servers.Database(t))
	ts.Setenv(args[1], servers.Redis(t).URL)
}
