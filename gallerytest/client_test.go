package gallerytest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
)

// script is a run of something in JavaScript that prints a JSON object a line.
type script struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan scriptLine // closed when the script ends
	said  []string
	ended error
}

type scriptLine struct {
	Event string
	Value json.RawMessage
}

// client is the address of the example client's file, for import().
func client(t *testing.T) string {
	t.Helper()
	path := filepath.Join(gallerytest.Root(t), "scripts", "websocket_client_example.js")
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// needClient finds Node.js and what the client needs there.
func needClient(t *testing.T) (node string) {
	t.Helper()
	node = gallerytest.Need(t, "node")
	out, err := exec.Command(node, "-p", "process.versions.node").Output()
	if err != nil {
		t.Fatalf("ask Node.js for its version: %v", err)
	}
	major, err := strconv.Atoi(strings.Split(string(out), ".")[0])
	if err != nil {
		t.Fatalf("Node.js has version %q", out)
	}
	_, err = os.Stat(filepath.Join(gallerytest.Root(t), "scripts", "node_modules", "ws"))
	if major < 18 || (major < 22 && err != nil) {
		gallerytest.Missing(t, "the example client needs Node.js 22, or 18 and the module ws in scripts/; make deps installs it")
	}
	return node
}

func run(t *testing.T, args ...string) *script {
	t.Helper()
	s := &script{cmd: exec.Command(needClient(t), args...), lines: make(chan scriptLine, 1000)}
	s.cmd.Stderr = os.Stderr
	stdout, err := s.cmd.StdoutPipe()
	if err == nil {
		s.stdin, err = s.cmd.StdinPipe()
	}
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		t.Fatalf("start Node.js: %v", err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(s.lines)
		for in := bufio.NewScanner(stdout); in.Scan(); {
			var line scriptLine
			if err := json.Unmarshal(in.Bytes(), &line); err != nil {
				line.Event = "not JSON: " + in.Text()
			}
			s.lines <- line
		}
		s.ended = s.cmd.Wait()
	})
	t.Cleanup(func() {
		s.cmd.Process.Kill() // it may have ended by itself
		reading.Wait()
	})
	return s
}

// next returns the next line whose event is none of the skipped ones.
func (s *script) next(t *testing.T, skip ...string) scriptLine {
	t.Helper()
	timeout := time.After(2 * gallerytest.Patience)
next:
	for {
		select {
		case line, more := <-s.lines:
			if !more {
				t.Fatalf("the script ended (%v); it said:\n%s", s.ended, strings.Join(s.said, "\n"))
			}
			s.said = append(s.said, line.Event+" "+string(line.Value))
			for _, event := range skip {
				if line.Event == event {
					continue next
				}
			}
			return line
		case <-timeout:
			t.Fatalf("the script says no more; it said:\n%s", strings.Join(s.said, "\n"))
		}
	}
}

// expect is next for an event that must come now, with something in its value.
func (s *script) expect(t *testing.T, event, part string, skip ...string) {
	t.Helper()
	line := s.next(t, skip...)
	if line.Event != event || !strings.Contains(string(line.Value), part) {
		t.Fatalf("got %s %s, want %s with %s; it said:\n%s", line.Event, line.Value, event, part, strings.Join(s.said, "\n"))
	}
}

// exits waits until the script has ended by itself.
func (s *script) exits(t *testing.T) {
	t.Helper()
	select {
	case line, more := <-s.lines:
		if more {
			t.Fatalf("got %s %s, want the end", line.Event, line.Value)
		}
	case <-time.After(gallerytest.Patience):
		t.Fatal("the script still runs")
	}
	if s.ended != nil {
		t.Errorf("the script ended with %v", s.ended)
	}
}

// TestExampleClient runs scripts/websocket_client_example.js as somebody would
// from a terminal, against the real server, which is killed and started again
// in between.
func TestExampleClient(t *testing.T) {
	file := filepath.Join(gallerytest.Root(t), "scripts", "websocket_client_example.js")
	t.Run("as it is", func(t *testing.T) { tryExampleClient(t, file) })
	t.Run("with the WebSocket of browsers", func(t *testing.T) {
		tryExampleClient(t, globalWebSocket(t), file)
	})
}

// globalWebSocket is the option with which Node.js has the WebSocket that
// browsers have: its own from 20.10 on, before that the module ws in its place.
func globalWebSocket(t *testing.T) string {
	t.Helper()
	const own = "--experimental-websocket"
	if exec.Command(needClient(t), own, "-e", "").Run() == nil {
		return own
	}
	t.Log("this Node.js has no WebSocket of its own, so ws takes its place")
	preload, err := filepath.Abs(filepath.Join("testdata", "websocket.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	return "--require=" + preload
}

func tryExampleClient(t *testing.T, command ...string) {
	needClient(t)
	start := func(args ...string) *script { return run(t, append(command, args...)...) }
	p := gallerytest.Launch(t)
	artist, visitor := p.Artist(t, "artist"), p.Register(t, "visitor")
	work := artist.Hang(t, gallerytest.Work{Title: "Tides", Conditions: gallerytest.Comments(3)})

	watching := start(p.URL, "--artwork", work.ID)
	watching.expect(t, "open", "")
	watching.expect(t, "status", `"is_revealed":false`)
	inbox := start(p.URL, "--token", artist.Access)
	inbox.expect(t, "open", "")
	inbox.expect(t, "welcome", "Connected to notification service")
	visitor.Comment(t, work.ID, "One")
	inbox.expect(t, "notification", `"seq":1`)

	p.Kill(t)
	watching.expect(t, "closed", "")
	inbox.expect(t, "closed", "")
	p.Start(t)
	visitor.Comment(t, work.ID, "Two") // perhaps before they are back
	watching.expect(t, "open", "", "closed")
	watching.expect(t, "status", `"is_revealed":false`)
	inbox.expect(t, "open", "", "closed")
	inbox.expect(t, "welcome", "")
	inbox.expect(t, "notification", `"seq":2`)

	visitor.Comment(t, work.ID, "Three")
	watching.expect(t, "revealed", work.ID)
	inbox.expect(t, "notification", `"type":"new_comment"`)
	inbox.expect(t, "notification", `"type":"artwork_revealed"`)
	people := crowd(t, p.House, 10)
	for _, person := range people {
		person.Look(t, work.ID)
	}
	inbox.expect(t, "notification", `"view_count":10`)

	// A gap that a reveal falls into: the status tells, and it is told once.
	second := artist.Hang(t, gallerytest.Work{Title: "Ebb", Conditions: gallerytest.Comments(1)})
	watching = start(p.URL, "--artwork", second.ID)
	watching.expect(t, "open", "")
	watching.expect(t, "status", `"is_revealed":false`)
	p.Kill(t)
	watching.expect(t, "closed", "")
	p.Start(t)
	visitor.Comment(t, second.ID, "Now")
	watching.expect(t, "open", "", "closed")
	for !strings.HasPrefix(watching.said[len(watching.said)-1], "revealed") {
		watching.next(t)
	}

	// Deleted: nothing to come back for.
	artist.Do(t, "DELETE", "/artworks/"+second.ID, nil, http.StatusNoContent, nil)
	watching.expect(t, "closed", "4404", "status")
	watching.expect(t, "ended", "deleted")
	watching.exits(t)

	// Signed out, and no other token: the same.
	inbox.expect(t, "open", "", "closed")
	inbox.expect(t, "welcome", "")
	inbox.expect(t, "notification", `"seq":6`)
	inbox.expect(t, "notification", `"seq":7`)
	artist.Do(t, "POST", "/auth/logout", map[string]any{"refresh": artist.Refresh}, http.StatusNoContent, nil)
	inbox.expect(t, "closed", "4401")
	inbox.expect(t, "ended", "token")
	inbox.exits(t)

	// Refused before it ever opened: the status is out of a browser's sight,
	// and it gives up all the same.
	nobody := start(p.URL, "--artwork", "00000000-0000-7000-8000-000000000000")
	nobody.expect(t, "ended", "no such artwork")
	nobody.exits(t)
	nobody = start(p.URL, "--token", "nonsense")
	nobody.expect(t, "ended", "token")
	nobody.exits(t)
}

// TestExampleClientAsksForAnotherToken: when a token has ended (4401) the client
// comes back with the next one and has missed nothing; it gives up only when
// that one does not hold either, or when there is none.
func TestExampleClientAsksForAnotherToken(t *testing.T) {
	const key = "a key that this test and the gallery share"
	keys, err := auth.ParseKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	tokens := auth.NewTokens(keys, 0, 0, time.Now)
	for _, c := range []struct {
		name string
		last func(dying string) string // the token after the second one
		want string
	}{
		{"that does not hold", func(dying string) string { return dying }, "does not hold"},
		{"that is none", func(string) string { return "" }, "there is no token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := gallerytest.Start(t, gallerytest.Options{Change: func(c *node.Config) { c.JWTKey = key }})
			artist, visitor := s.Artist(t, "artist"), s.Register(t, "visitor")
			work := artist.Hang(t, gallerytest.Work{Conditions: gallerytest.Comments(100)})
			inbox := run(t, filepath.Join("testdata", "token.mjs"), client(t), s.URL)
			give := func(token string) {
				t.Helper()
				inbox.expect(t, "token", "")
				fmt.Fprintln(inbox.stdin, token)
			}
			dying := func() string {
				t.Helper()
				token, err := tokens.AccessFor(artist.ID, "", 3*time.Second)
				if err != nil {
					t.Fatal(err)
				}
				return token
			}
			give(dying())
			inbox.expect(t, "open", "")
			inbox.expect(t, "welcome", "")
			visitor.Comment(t, work.ID, "While it holds")
			inbox.expect(t, "notification", `"seq":1`)
			inbox.expect(t, "closed", "4401")
			visitor.Comment(t, work.ID, "While nobody listens")
			second := dying()
			give(second)
			inbox.expect(t, "open", "")
			inbox.expect(t, "welcome", "")
			inbox.expect(t, "notification", `"seq":2`)
			inbox.expect(t, "closed", "4401")
			give(c.last(second))
			inbox.expect(t, "ended", c.want)
			inbox.exits(t)
		})
	}
}

// TestExampleClientLeavesWithItsPage: pagehide closes both sockets, pageshow
// opens them again, and what happened meanwhile is told.
func TestExampleClientLeavesWithItsPage(t *testing.T) {
	needClient(t)
	s := gallerytest.Start(t, gallerytest.Options{})
	artist, visitor := s.Artist(t, "artist"), s.Register(t, "visitor")
	work := artist.Hang(t, gallerytest.Work{Conditions: gallerytest.Comments(2)})
	visitor.Comment(t, work.ID, "Before")
	page := run(t, filepath.Join("testdata", "page.mjs"), client(t), s.URL, work.ID, artist.Access)
	got := map[string]int{}
	until := func(event string, times int) {
		t.Helper()
		for got[event] < times {
			got[page.next(t).Event]++
		}
	}
	do := func(verb string) {
		t.Helper()
		fmt.Fprintln(page.stdin, verb)
		until("did "+strings.Fields(verb)[0], got["did "+strings.Fields(verb)[0]]+1)
	}
	until("artwork status", 1)
	until("inbox welcome", 1)
	do("check")
	until("artwork status", 2)
	do("hide")
	witness := artist.Listen(t, -1)
	visitor.Comment(t, work.ID, "While nobody looks")
	witness.Expect(t, "notification")
	witness.Expect(t, "notification") // of the reveal, which the artwork's sockets heard before
	do("ask")
	if got["artwork revealed"] > 0 || got["inbox notification"] > 0 {
		t.Errorf("a hidden page was told something: %v", got)
	}
	do("show")
	until("artwork revealed", 1)
	until("inbox notification", 2)
	do("read 3")
	for deadline := time.Now().Add(gallerytest.Patience); ; time.Sleep(5 * time.Millisecond) {
		var answer struct {
			UnreadCount int64 `json:"unread_count"`
		}
		artist.Do(t, "GET", "/notifications", nil, http.StatusOK, &answer)
		if answer.UnreadCount == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d notifications are still unread", answer.UnreadCount)
		}
	}
	do("close")
	page.stdin.Close()
	for {
		line, more := <-page.lines
		if !more {
			break
		}
		page.said = append(page.said, line.Event)
		got[line.Event]++
	}
	if page.ended != nil {
		t.Errorf("the page ended with %v", page.ended)
	}
	want := map[string]int{
		"artwork open": 2, "artwork status": 3, "artwork revealed": 1, "artwork ended": 1,
		"inbox open": 2, "inbox welcome": 2, "inbox notification": 2, "inbox ended": 1,
		"did check": 1, "did hide": 1, "did ask": 1, "did show": 1, "did read": 1, "did close": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the page heard (-want +got):\n%s\n%s", diff, strings.Join(page.said, "\n"))
	}
}

// TestExampleClientBacksOff: the time between attempts doubles from half a
// second to half a minute, and no further.
func TestExampleClientBacksOff(t *testing.T) {
	needClient(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + listener.Addr().String()
	listener.Close()
	out, err := exec.Command("node", filepath.Join("testdata", "backoff.mjs"), client(t), nobody).Output()
	if err != nil {
		t.Fatalf("run the script: %v", err)
	}
	if got, want := strings.TrimSpace(string(out)), "[500,1000,2000,4000,8000,16000,30000,30000,30000,30000]"; got != want {
		t.Errorf("got delays %s, want %s", got, want)
	}
}

// TestLockFileNamesNoRegistry: whoever installs the client's one module takes
// it from the registry that they are set up for.
func TestLockFileNamesNoRegistry(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join(gallerytest.Root(t), "scripts", "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), "resolved") || strings.Contains(string(lock), "://") {
		t.Error("scripts/package-lock.json names a registry; is scripts/.npmrc still there?")
	}
	if !strings.Contains(string(lock), `"integrity": "sha512-`) {
		t.Error("scripts/package-lock.json holds no checksum")
	}
}
