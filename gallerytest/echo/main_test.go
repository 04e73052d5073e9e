package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"invisibleart.example/gallery/gallerytest"
)

func TestMain(m *testing.M) { gallerytest.VerifyMain(m) }

// started runs the program in this process and returns its address and a way to
// stop it.
func started(t *testing.T) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"--listen", "127.0.0.1:0"}, out)
		out.CloseWithError(err)
		ended <- err
	}()
	line := make([]byte, 100)
	n, err := in.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSuffix(strings.TrimPrefix(string(line[:n]), "echo on "), "\n")
	return address, func() error { cancel(); return <-ended }
}

func TestEcho(t *testing.T) {
	address, stop := started(t)
	c, _, err := websocket.Dial(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
		for _, n := range []int{0, 1, 1 << 10, maxMessage} {
			message := bytes.Repeat([]byte("x"), n)
			sent := make(chan error, 1)
			go func() { sent <- c.Write(t.Context(), kind, message) }()
			got, payload, err := c.Read(t.Context())
			if err != nil || got != kind || !bytes.Equal(payload, message) {
				t.Fatalf("%v of %d bytes: got %v of %d, %v", kind, n, got, len(payload), err)
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		}
	}
	closed := make(chan error, 1)
	go func() { _, _, err := c.Read(t.Context()); closed <- err }()
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if got := websocket.CloseStatus(<-closed); got != websocket.StatusGoingAway {
		t.Errorf("got close code %v, want %v", got, websocket.StatusGoingAway)
	}
}

// TestEchoHoldsUpWhoOnlyWrites writes far more than the queue may hold and
// reads nothing of it for a while: the server stops reading, and every byte
// comes back in the end.
func TestEchoHoldsUpWhoOnlyWrites(t *testing.T) {
	address, stop := started(t)
	c, _, err := websocket.Dial(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	const messages, size = 10, 4 << 20 // twice what kernels buffer both ways
	sent := make(chan error, 1)
	go func() {
		for i := range messages {
			if err := c.Write(t.Context(), websocket.MessageBinary, bytes.Repeat([]byte{byte(i)}, size)); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	select {
	case err := <-sent:
		t.Fatalf("all %d messages were taken (%v) although nothing was read", messages, err)
	case <-time.After(500 * time.Millisecond):
	}
	for i := range messages {
		_, payload, err := c.Read(t.Context())
		if err != nil || len(payload) != size || payload[0] != byte(i) || payload[size-1] != byte(i) {
			t.Fatalf("message %d: got %d bytes, %v", i, len(payload), err)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	c.Close(websocket.StatusNormalClosure, "")
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestEchoRefuses(t *testing.T) {
	address, stop := started(t)
	page := strings.Replace(address, "ws://", "http://", 1)
	for url, want := range map[string]int{page: 426, strings.TrimSuffix(page, "echo"): 404} {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("GET %s: got %d, want %d", url, answer.StatusCode, want)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, args := range [][]string{{"--listen", taken.Addr().String()}, {"--listen"}, {"--unknown"}} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%q: got no error", args)
		}
	}
}

// TestEchoStopsOnASignal runs the real program.
func TestEchoStopsOnASignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted from outside on this system")
	}
	binary := filepath.Join(t.TempDir(), "echo")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), binary, "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil || !strings.HasPrefix(string(line[:n]), "echo on ws://127.0.0.1:") {
		t.Fatalf("got %q, %v", line[:n], err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after the interrupt: %v", err)
	}
}
