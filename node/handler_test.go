package node_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/pubsub"
)

func debugLog(to io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestPanicEndsOneRequestOnly(t *testing.T) {
	var log bytes.Buffer
	server := httptest.NewServer(node.Recovered(debugLog(&log), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/before":
			panic("a secret of the handler")
		case "/after":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half an answer")
			http.NewResponseController(w).Flush()
			panic("too late")
		case "/abort":
			panic(http.ErrAbortHandler)
		}
	})))
	defer server.Close()

	response, err := server.Client().Get(server.URL + "/before?token=secret-token")
	if err != nil {
		t.Fatalf("before anything was answered: %v", err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if got, want := response.StatusCode, 500; got != want {
		t.Errorf("got status %d, want %d", got, want)
	}
	if strings.Contains(string(body), "secret of the handler") {
		t.Errorf("the answer tells what the panic was: %s", body)
	}

	response, err = server.Client().Get(server.URL + "/after")
	if err != nil {
		t.Fatalf("after the head was sent: %v", err)
	}
	if _, err = io.ReadAll(response.Body); err == nil {
		t.Error("half an answer passed for a whole one")
	}
	response.Body.Close()
	if _, err = server.Client().Get(server.URL + "/abort"); err == nil {
		t.Error("an aborted request was answered")
	}
	response, err = server.Client().Get(server.URL + "/fine")
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("the server did not survive: %v %v", response, err)
	}
	response.Body.Close()
	server.Close() // the handlers are done with the log

	text := log.String()
	if !strings.Contains(text, "a secret of the handler") || !strings.Contains(text, "handler_test.go") {
		t.Errorf("the log does not tell of the panic and its stack: %s", text)
	}
	if got, want := strings.Count(text, "panic in a request"), 2; got != want {
		t.Errorf("got %d panics in the log, want %d: %s", got, want, text)
	}
	if strings.Contains(text, "secret-token") {
		t.Errorf("the log holds a token: %s", text)
	}
}

func TestAccessLogHoldsNoSecrets(t *testing.T) {
	var log bytes.Buffer
	handler := node.Access(debugLog(&log), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	request := httptest.NewRequest("POST", "/pot?token=secret-query", strings.NewReader("secret-body"))
	request.Header.Set("Authorization", "Bearer secret-header")
	handler.ServeHTTP(httptest.NewRecorder(), request)
	text := log.String()
	for _, want := range []string{"level=DEBUG", "method=POST", "path=/pot", "status=418", "duration="} {
		if !strings.Contains(text, want) {
			t.Errorf("got log %q, want it to contain %q", text, want)
		}
	}
	if strings.Contains(text, "secret") {
		t.Errorf("the log holds a secret: %s", text)
	}
}

// A client that keeps reading, however slowly, gets everything; one that stops
// is cut off, and its handler with it.
func TestPatience(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, p *pipes, ended chan error){
		"slow": readSlowly, "stalled": readNothing, "the next request on the same connection": readTwice,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, ended := newPipes(), make(chan error, 1)
				server := &http.Server{Handler: node.Patient(testPatience, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch r.URL.Path {
					case "/empty":
					case "/small":
						io.WriteString(w, "small")
					default:
						_, err := w.Write(make([]byte, largeAnswer))
						ended <- err
					}
				}))}
				go server.Serve(p) // until Close; the bubble waits for it
				defer server.Close()
				test(t, p, ended)
			})
		})
	}
}

const (
	testPatience = time.Second
	largeAnswer  = 8 << 20
)

// ask opens a connection for one request and sends it.
func ask(t *testing.T, p *pipes, path string) net.Conn {
	t.Helper()
	conn := p.dial()
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func readSlowly(t *testing.T, p *pipes, ended chan error) {
	conn, buffer, read := ask(t, p, "/"), make([]byte, 32<<10), 0
	for err := error(nil); err == nil; {
		time.Sleep(testPatience / 3) // and a piece of the server's may take two of ours
		var n int
		n, err = io.ReadFull(conn, buffer)
		read += n
	}
	if read <= largeAnswer { // with its head
		t.Errorf("cut off after %d bytes", read)
	}
	if err := <-ended; err != nil {
		t.Errorf("got %v, want the whole answer written", err)
	}
}

func readNothing(t *testing.T, p *pipes, ended chan error) {
	start := time.Now()
	ask(t, p, "/")
	if err := <-ended; err == nil {
		t.Error("everything passed without a reader")
	}
	if got := time.Since(start); got != testPatience {
		t.Errorf("the handler waited %v for a client that does not read, want %v", got, testPatience)
	}
}

func readTwice(t *testing.T, p *pipes, _ chan error) {
	dials := 0
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		dials++
		return p.dial(), nil
	}}}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/small", "/empty"} {
		response, err := client.Get("http://x" + path)
		if err != nil {
			t.Fatalf("after the deadline of the request before: %v", err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		time.Sleep(2 * testPatience)
	}
	if dials != 1 { // the client tries again by itself when a connection fails it
		t.Errorf("got %d connections, want both requests on one", dials)
	}
}

// deaf is a broker whose subscriptions are alive and hear nothing of a channel.
type deaf struct {
	pubsub.Broker
	channel string
}

func (d deaf) Publish(ctx context.Context, channel string, message []byte) error {
	if channel == d.channel {
		return nil
	}
	return d.Broker.Publish(ctx, channel, message)
}

func TestCanary(t *testing.T) {
	memory := pubsub.NewMemory()
	canary, err := node.NewCanary(t.Context(), memory)
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Sing(canary, t.Context()); err != nil {
		t.Errorf("got %v, want the canary back", err)
	}
	for _, channel := range node.CanaryChannels {
		// A stranger's song is not ours.
		if err := memory.Publish(t.Context(), channel, []byte("somebody else's")); err != nil {
			t.Fatal(err)
		}
		silent, err := node.NewCanary(t.Context(), deaf{memory, channel})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := node.Sing(silent, ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), channel) {
			t.Errorf("deaf on %s: got %v, want the canary missed there", channel, err)
		}
		cancel()
	}
}

// TestCanaryPassesNoMasterBy: each channel of the canary is in another sixteenth
// of the slots of a Redis Cluster (Redis Cluster specification, "Key distribution
// model" and "Hash tags").
func TestCanaryPassesNoMasterBy(t *testing.T) {
	by := map[uint16]string{}
	for _, channel := range node.CanaryChannels {
		_, tag, _ := strings.Cut(channel, "{")
		tag, _, _ = strings.Cut(tag, "}")
		part := crc16(tag) % 16384 / 1024
		if other, taken := by[part]; taken {
			t.Errorf("%s and %s are both in part %d of the slots", other, channel, part)
		}
		by[part] = channel
	}
	if got, want := len(by), 16; got != want {
		t.Errorf("got %d of %d parts of the slots", got, want)
	}
}

// crc16 is the XMODEM one.
func crc16(text string) (sum uint16) {
	for _, b := range []byte(text) {
		sum ^= uint16(b) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ 0x1021*carry
		}
	}
	return sum
}
