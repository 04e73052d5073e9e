package gallerytest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

func dial(t *testing.T, s *gallerytest.Server) (conn net.Conn, host string) {
	t.Helper()
	host = strings.TrimPrefix(s.URL, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, host
}

// TestSlowHandshakeIsCut: a client that takes its time over the head of a
// request holds its connection for ten seconds and no longer.
func TestSlowHandshakeIsCut(t *testing.T) {
	t.Parallel()
	s := gallerytest.Start(t, gallerytest.Options{})
	for name, head := range map[string]string{
		"nothing":     "",
		"half a head": "GET /ws/notifications/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: webs",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, _ := dial(t, s)
			start := time.Now()
			stop := make(chan struct{})
			defer close(stop)
			go func() { // a byte a second, as such clients do
				fmt.Fprint(conn, head)
				for head != "" {
					select {
					case <-stop:
						return
					case <-time.After(time.Second):
						io.WriteString(conn, "o")
					}
				}
			}()
			conn.SetReadDeadline(start.Add(20 * time.Second))
			_, err := io.ReadAll(conn)
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Fatal("the connection is still open after 20 s")
			}
			if took := time.Since(start); took < 8*time.Second || took > 13*time.Second {
				t.Errorf("cut after %v, want about 10 s", took)
			}
		})
	}
}

// TestLongHeadIsRefused: a head of up to 16 KiB is read, a longer one gets 431,
// for sockets as for everything else.
func TestLongHeadIsRefused(t *testing.T) {
	s := gallerytest.Start(t, gallerytest.Options{})
	for _, path := range []string{"/healthz", "/ws/notifications/", "/api/v1/artworks"} {
		for _, size := range []int{15 << 10, 16 << 10, 16<<10 + 1, 17 << 10, 1 << 20} {
			conn, host := dial(t, s)
			head := "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\nX-Long: "
			head += strings.Repeat("x", size-len(head)-4) + "\r\n\r\n"
			go io.WriteString(conn, head) // it may be answered before it is read whole
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Errorf("%s with a head of %d bytes: %v", path, size, err)
				continue
			}
			response.Body.Close()
			if got, want := response.StatusCode == http.StatusRequestHeaderFieldsTooLarge, size > 16<<10; got != want {
				t.Errorf("%s with a head of %d bytes: got status %d", path, size, response.StatusCode)
			}
		}
	}
}

// TestHTTP1Only: over clear text nothing but HTTP/1 is spoken.
func TestHTTP1Only(t *testing.T) {
	s := gallerytest.Start(t, gallerytest.Options{})
	conn, _ := dial(t, s)
	fmt.Fprint(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("got no answer in HTTP/1: %v", err)
	}
	response.Body.Close()
	if response.StatusCode < 400 || response.ProtoMajor != 1 {
		t.Errorf("got %s %s, want a refusal in HTTP/1", response.Proto, response.Status)
	}
}

func TestProbesAndNames(t *testing.T) {
	s := gallerytest.Start(t, gallerytest.Options{})
	for _, tt := range []struct {
		path, host, origin string
		want               int
	}{
		{"/healthz", "", "", 200},
		{"/readyz", "", "", 200},
		{"/readyz", "10.0.0.7:8080", "", 200}, // a prober knows the address only
		{"/", "", "", 200},
		{"/docs", "", "", 200},
		{"/api/v1/openapi.json", "", "", 200},
		{"/api/v1/artworks/", "", "", 200},
		{"/api/v1/artworks", "gallery.example", "", 421},
		{"/", "gallery.example", "", 421},
		{"/ws/notifications/", "gallery.example", "", 421},
		{"/api/v1/artworks", "", "https://elsewhere.example", 403},
		{"/ws/notifications/", "", "https://elsewhere.example", 403},
		{"/ws", "", "", 404},
		{"/ws/", "", "", 404},
		{"/nowhere", "", "", 404},
		{"/api/v1/nowhere", "", "", 404},
		{"/api", "", "", 404},
	} {
		request, err := http.NewRequest("GET", s.URL+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = tt.host
		if tt.origin != "" {
			request.Header.Set("Origin", tt.origin)
		}
		response, err := s.Client.Do(request)
		if err != nil {
			t.Errorf("%+v: %v", tt, err)
			continue
		}
		response.Body.Close()
		if got := response.StatusCode; got != tt.want {
			t.Errorf("%s (host %q, origin %q): got status %d, want %d", tt.path, tt.host, tt.origin, got, tt.want)
		}
	}
}
