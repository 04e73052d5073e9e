package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSlowBodies sends bodies a piece at a time, and measures on the bubble's
// clock when the server has enough.
func TestSlowBodies(t *testing.T) {
	const kib = 1 << 10
	for _, test := range []struct {
		name, path, contentType, head string
		piece                         int           // bytes sent at once
		every                         time.Duration // how often
		pieces                        int           // in all; 0: until the server has enough
		want                          int
		after                         time.Duration // when it is answered, to a second
	}{
		{"JSON that never ends", "/auth/refresh", "application/json", `{"refresh": "`, 1, time.Second, 0, 408, 15 * time.Second},
		{"JSON that arrives late", "/auth/refresh", "application/json", `{"refresh": "`, 1, time.Second, 13, 400, 13 * time.Second},
		{"an upload that stands still", "/artworks", "multipart/form-data; boundary=x", file, 0, time.Second, 0, 408, 10 * time.Second},
		{"an upload at half the rate", "/artworks", "multipart/form-data; boundary=x", file, 8 * kib, time.Second, 0, 408, 20 * time.Second},
		{"an upload just fast enough", "/artworks", "multipart/form-data; boundary=x", file, 16 * kib, time.Second, 40, 400, 40 * time.Second},
		{"a body that nobody asked for", "/auth/ticket", "text/plain", "", 1, time.Second, 0, 201, 15 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := wire(t)
				listener := newPipes()
				server := &http.Server{Handler: w}
				go server.Serve(listener)
				defer server.Close()
				conn := listener.dial()
				defer conn.Close()

				start := time.Now()
				stop := make(chan struct{})
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					length := len(test.head) + test.piece*test.pieces
					if test.pieces == 0 {
						length = 60_000 + 100*test.piece // more than will ever be sent
					}
					fmt.Fprintf(conn, "POST /api/v1%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
						test.path, w.artist.Access, test.contentType, length, test.head)
					for n := 0; test.pieces == 0 || n < test.pieces; n++ {
						select {
						case <-stop:
							return
						case <-time.After(test.every):
						}
						if _, err := io.WriteString(conn, strings.Repeat("a", test.piece)); err != nil {
							return
						}
					}
				}()
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatalf("no answer: %v", err)
				}
				took := time.Since(start)
				response.Body.Close()
				if response.StatusCode != test.want {
					t.Errorf("got %d, want %d", response.StatusCode, test.want)
				}
				if took < test.after-time.Second || took > test.after+time.Second {
					t.Errorf("answered after %v, want about %v", took, test.after)
				}
				close(stop)
				conn.Close()
				<-ended
				if left := w.blobs(t); len(left) > 0 {
					t.Errorf("left in the vault: %v", left)
				}
			})
		})
	}
}

// file begins an upload with its file.
const file = "--x\r\nContent-Disposition: form-data; name=artwork_file; filename=a\r\n\r\n"
