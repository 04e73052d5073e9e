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
	const patience = time.Second
	content := bytes.Repeat([]byte("gallery "), 64<<20/8) // more than the kernel buffers
	ended := make(chan error, 1)
	server := httptest.NewServer(node.Patient(patience, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/small" {
			return
		}
		_, err := w.Write(content)
		ended <- err
	})))
	defer server.Close()

	dial := func(path string) net.Conn {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		return conn
	}

	t.Run("slow", func(t *testing.T) {
		conn := dial("/")
		defer conn.Close()
		start, read := time.Now(), 0
		buffer := make([]byte, 256<<10)
		for read < len(content) {
			n, err := conn.Read(buffer)
			if err != nil {
				t.Fatalf("cut off after %d bytes and %v: %v", read, time.Since(start), err)
			}
			read += n
			if time.Since(start) < 2*patience {
				time.Sleep(20 * time.Millisecond)
			}
		}
		if err := <-ended; err != nil {
			t.Errorf("got %v, want the whole answer written", err)
		}
		if got := time.Since(start); got < 2*patience {
			t.Errorf("the reader was not slow: %v", got)
		}
	})
	t.Run("stalled", func(t *testing.T) {
		conn := dial("/")
		defer conn.Close()
		select {
		case err := <-ended:
			if err == nil {
				t.Error("everything passed without a reader")
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the handler still waits for a client that does not read")
		}
	})
	t.Run("the next request on the same connection", func(t *testing.T) {
		client := server.Client()
		for range 2 {
			response, err := client.Get(server.URL + "/small")
			if err != nil {
				t.Fatalf("after the deadline of the request before: %v", err)
			}
			response.Body.Close()
			time.Sleep(patience + 50*time.Millisecond)
		}
	})
}

// deaf is a broker whose subscriptions are alive and hear nothing.
type deaf struct{ pubsub.Broker }

func (deaf) Publish(context.Context, string, []byte) error { return nil }

func TestCanary(t *testing.T) {
	memory := pubsub.NewMemory()
	canary, err := node.NewCanary(t.Context(), memory)
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Sing(canary, t.Context()); err != nil {
		t.Errorf("got %v, want the canary back", err)
	}
	// A stranger's song is not ours.
	if err := memory.Publish(t.Context(), "canary", []byte("somebody else's")); err != nil {
		t.Fatal(err)
	}
	silent, err := node.NewCanary(t.Context(), deaf{memory})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := node.Sing(silent, ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the canary missed", err)
	}
}
