package websockets_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/problem"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/websockets"
)

// wantRefusal tries to open a socket and checks the answer: status, and a body
// that is a problem.
func (h *house) wantRefusal(t *testing.T, path string, header http.Header, want int) *http.Response {
	t.Helper()
	s, response, err := h.try(t, path, header)
	if err == nil {
		s.conn.CloseNow()
		t.Fatalf("open: got a socket, want status %d", want)
	}
	checkProblem(t, response, want)
	return response
}

func checkProblem(t *testing.T, response *http.Response, want int) {
	t.Helper()
	if response == nil {
		t.Fatalf("got no answer, want status %d", want)
	}
	body, _ := io.ReadAll(response.Body) // the client keeps the first KiB
	if response.StatusCode != want {
		t.Errorf("status: got %d %s, want %d", response.StatusCode, body, want)
	}
	if got := response.Header.Get("Content-Type"); got != problem.ContentType {
		t.Errorf("content type: got %q, want %q", got, problem.ContentType)
	}
	var d problem.Document
	if err := json.Unmarshal(body, &d); err != nil || d.Status != want || d.Title == "" {
		t.Errorf("body: got %s (%v), want a problem with status %d", body, err, want)
	}
}

func TestPaths(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	token, _ := h.wall.enrol("frida", time.Hour)
	bare := strings.ReplaceAll(a.ID, "-", "")
	for _, id := range []string{a.ID, strings.ToUpper(a.ID), bare, "urn:uuid:" + a.ID, "%7B" + a.ID + "%7D"} {
		for _, end := range []string{"/", "", "?live=1", "/?live=1&x=%20"} {
			s := h.dial(t, "/ws/artwork/"+id+end)
			if m := s.next(); !hasType(m, "artwork_status") || m["artwork"].(map[string]any)["id"] != a.ID {
				t.Errorf("%s%s: got %v, want the artwork_status of %s", id, end, m, a.ID)
			}
			s.quiet()
		}
	}
	for _, end := range []string{"/", ""} {
		h.dial(t, "/ws/notifications"+end+"?token="+token).
			want(`{"type": "welcome", "message": "Connected to notification service"}`)
	}
	for _, path := range []string{
		"/ws/", "/ws", "/ws/artwork", "/ws/artwork/", "/ws/artwork//", "/ws/artworks/" + a.ID + "/", "/ws/notification/",
		"/ws/notifications//", "/ws/notifications/x/", "/ws/NOTIFICATIONS/", "/ws/artwork/" + a.ID + "//",
		"/ws/artwork/" + a.ID + "/x", "/ws/artwork/" + a.ID + "%2Fx", "/ws/artwork/" + newID() + "/",
		"/ws/artwork/1/", "/ws/artwork/" + a.ID + "0/", "/ws/artwork/x" + a.ID + "x/", "/ws/artwork/" + a.ID + "%00/",
		"/ws/artwork/%20" + a.ID + "/", "/ws/artwork/zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz/", "/ws/artwork/..%2f..%2f/",
		"/ws/artwork/" + strings.Repeat("9", 5000) + "/", "/ws/artwork/%F0%9F%94%A5/",
	} {
		t.Run(path[:min(len(path), 80)], func(t *testing.T) {
			h.wantRefusal(t, path, http.Header{"Authorization": {"Bearer " + token}}, http.StatusNotFound)
		})
	}
}

func TestCredentials(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	work := "/ws/artwork/" + h.wall.hang("Nocturne").ID + "/"
	token, who := h.wall.enrol("frida", time.Hour)
	past, _ := h.wall.enrol("diego", -time.Minute)
	gone, out := h.wall.enrol("leon", time.Hour)
	h.wall.revoke(out.SessionID)
	own := "http://" + h.addr
	cookie := auth.SessionCookie + "=" + token
	const opens, ignored = 101, 1 // ignored: refused by notifications, let in by the artwork socket
	for _, c := range []struct {
		name   string
		query  url.Values
		header http.Header
		want   int
	}{
		{"token", url.Values{"token": {token}}, nil, opens},
		{"bearer", nil, http.Header{"Authorization": {"Bearer " + token}}, opens},
		{"cookie from our own page", nil, http.Header{"Cookie": {cookie}, "Origin": {own}}, opens},
		{"nothing", nil, nil, ignored},
		{"empty token", url.Values{"token": {""}}, nil, ignored},
		{"unknown token", url.Values{"token": {"undefined"}}, nil, ignored},
		{"expired token", url.Values{"token": {past}}, nil, ignored},
		{"signed out", url.Values{"token": {gone}}, nil, ignored},
		{"unknown ticket", url.Values{"ticket": {"x"}}, nil, ignored},
		{"cookie without an origin", nil, http.Header{"Cookie": {cookie}}, ignored},
		{"unknown cookie", nil, http.Header{"Cookie": {auth.SessionCookie + "=x"}, "Origin": {own}}, ignored},
		{"another cookie", nil, http.Header{"Cookie": {"csrftoken=" + token}, "Origin": {own}}, ignored},
		{"token and bearer", url.Values{"token": {token}}, http.Header{"Authorization": {"Bearer " + token}}, 401},
		{"token and ticket", url.Values{"token": {token}, "ticket": {"x"}}, nil, 401},
		{"token and cookie", url.Values{"token": {token}}, http.Header{"Cookie": {cookie}, "Origin": {own}}, 401},
		{"token twice", url.Values{"token": {token, token}}, nil, 401},
		{"basic", nil, http.Header{"Authorization": {"Basic eDp4"}}, ignored},
	} {
		t.Run(c.name, func(t *testing.T) {
			query := "?" + c.query.Encode()
			onNotifications, onArtwork := c.want, c.want
			if c.want == ignored {
				onNotifications, onArtwork = http.StatusUnauthorized, opens
			}
			for path, want := range map[string]int{"/ws/notifications/" + query: onNotifications, work + query: onArtwork} {
				if want != opens {
					response := h.wantRefusal(t, path, c.header, want)
					if response.Header.Get("WWW-Authenticate") == "" {
						t.Error("401 without a WWW-Authenticate header, want one (RFC 9110, section 11.6.1)")
					}
					continue
				}
				s, _, err := h.try(t, path, c.header)
				if err != nil {
					t.Fatalf("%s: got %v, want a socket", path, err)
				}
				s.next()
			}
		})
	}
	t.Run("a ticket opens one socket", func(t *testing.T) {
		h.wall.issueTicket("ticket", who)
		h.dial(t, "/ws/notifications/?ticket=ticket").next()
		h.wantRefusal(t, "/ws/notifications/?ticket=ticket", nil, http.StatusUnauthorized)
	})
	t.Run("a query that does not parse", func(t *testing.T) {
		// It may have held a since, but no credential that anybody could read.
		h.wantRefusal(t, "/ws/notifications/?token="+token+"&since=%zz", nil, http.StatusBadRequest)
		h.wantRefusal(t, "/ws/notifications/?token=%zz", nil, http.StatusUnauthorized)
		h.dial(t, work+"?token=%zz&utm=a;b").next()
	})
}

func TestSinceIsAWholeNumber(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	token, _ := h.wall.enrol("frida", time.Hour)
	for _, since := range []string{"", "-1", "%2B1", "+1", "1.0", "1e3", "0x1", "x", "%D9%A1", "1%20", "1&since=1", "1_000", "null", "1%00"} {
		t.Run("since="+since, func(t *testing.T) {
			h.wantRefusal(t, "/ws/notifications/?token="+token+"&since="+since, nil, http.StatusBadRequest)
		})
	}
	// Whoever is not let in is told only that.
	h.wantRefusal(t, "/ws/notifications/?since=x", nil, http.StatusUnauthorized)
}

func TestNamesAndOrigins(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	_, port, _ := strings.Cut(h.addr, ":")
	for _, c := range []struct {
		host, origin string
		want         int
	}{
		{"127.0.0.1:" + port, "", 101},
		{"localhost:" + port, "http://localhost:" + port, 101},
		{"127.0.0.1:" + port, "http://localhost:" + port, 101},
		{"127.0.0.1:" + port, "null", 403},
		{"127.0.0.1:" + port, "http://evil.example", 403},
		{"127.0.0.1:" + port, "http://localhost.evil.example:" + port, 403},
		{"127.0.0.1:" + port, "https://127.0.0.1:" + port, 403},
		{"127.0.0.1:" + port, "http://127.0.0.1:1", 403},
		{"evil.example", "http://evil.example", 421},
		{"evil.example:" + port, "", 421},
	} {
		t.Run(c.host+" from "+c.origin, func(t *testing.T) {
			response := h.handshake(t, "/ws/artwork/"+a.ID+"/", func(r *http.Request) {
				r.Host = c.host
				if c.origin != "" {
					r.Header.Set("Origin", c.origin)
				}
			})
			if c.want != http.StatusSwitchingProtocols {
				checkProblem(t, response, c.want)
			} else if response.StatusCode != c.want {
				t.Errorf("status: got %d, want %d", response.StatusCode, c.want)
			}
		})
	}
}

// handshake sends an opening handshake as changed by the caller.
func (h *house) handshake(t *testing.T, path string, change func(r *http.Request)) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	change(r)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestFormOfTheHandshake(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	for _, c := range []struct {
		name   string
		change func(r *http.Request)
		want   int
	}{
		{"no upgrade", func(r *http.Request) { r.Header.Del("Upgrade") }, 426},
		{"another version", func(r *http.Request) { r.Header.Set("Sec-WebSocket-Version", "8") }, 426},
		{"no key", func(r *http.Request) { r.Header.Del("Sec-WebSocket-Key") }, 400},
		{"POST", func(r *http.Request) { r.Method = http.MethodPost }, 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			response := h.handshake(t, "/ws/artwork/"+a.ID+"/", c.change)
			checkProblem(t, response, c.want)
			if got := response.Header.Get("Sec-WebSocket-Version"); c.want == 426 && got != "13" {
				t.Errorf("Sec-WebSocket-Version of a 426: got %q, want 13", got)
			}
		})
	}
}

func TestBrokenStoreRefuses(t *testing.T) {
	h := openHouse(t, websockets.Settings{})
	a := h.wall.hang("Nocturne")
	token, _ := h.wall.enrol("frida", time.Hour)
	paths := []string{"/ws/artwork/" + a.ID + "/", "/ws/artwork/" + a.ID + "/?token=" + token, "/ws/notifications/?token=" + token}
	check := func(what string) {
		for _, path := range paths {
			response := h.wantRefusal(t, path, nil, http.StatusServiceUnavailable)
			if response.Header.Get("Retry-After") == "" {
				t.Errorf("503 with a broken %s: got no Retry-After, want one", what)
			}
		}
	}
	h.wall.breakDown(errBroken)
	check("store")
	h.wall.breakDown(nil)
	h.broker.breakDown(errBroken)
	check("broker")
	h.broker.breakDown(nil)
	for _, path := range paths {
		h.dial(t, path).next()
	}
}

func TestLimits(t *testing.T) {
	t.Run("handshakes per address", func(t *testing.T) {
		h := openHouse(t, websockets.Settings{Limits: ratelimit.New(ratelimit.Table{
			HandshakesByAddress: ratelimit.Rule{Burst: 3, Every: time.Hour},
		}, nil, nil)})
		a := h.wall.hang("Nocturne")
		for range 3 {
			h.watch(t, a.ID)
		}
		response := h.wantRefusal(t, "/ws/artwork/"+a.ID+"/", nil, http.StatusTooManyRequests)
		if response.Header.Get("Retry-After") == "" {
			t.Error("429: got no Retry-After, want one")
		}
	})
	t.Run("sockets per address", func(t *testing.T) {
		h := openHouse(t, websockets.Settings{Limits: ratelimit.New(ratelimit.Table{SocketsByAddress: 3}, nil, nil)})
		a := h.wall.hang("Nocturne")
		token, _ := h.wall.enrol("frida", time.Hour)
		for range 3 {
			// None of these is open, and none may stay counted.
			h.wantRefusal(t, "/ws/artwork/"+newID()+"/", nil, http.StatusNotFound)
			h.wantRefusal(t, "/ws/notifications/", nil, http.StatusUnauthorized)
			h.wantRefusal(t, "/ws/notifications/?since=x&token="+token, nil, http.StatusBadRequest)
		}
		first, _ := h.watch(t, a.ID)
		h.watch(t, a.ID)
		h.listen(t, token, "")
		h.wantRefusal(t, "/ws/artwork/"+a.ID+"/", nil, http.StatusTooManyRequests)
		first.conn.CloseNow()
		eventually(t, "the place of the closed socket is free", func() bool { return h.limits.SocketsByAddress.Held("127.0.0.1") == 2 })
		h.watch(t, a.ID)
		h.stop()
		if got := h.limits.SocketsByAddress.Held("127.0.0.1"); got != 0 {
			t.Errorf("sockets counted when all have gone: got %d, want 0", got)
		}
	})
	t.Run("sockets per user", func(t *testing.T) {
		h := openHouse(t, websockets.Settings{Limits: ratelimit.New(ratelimit.Table{SocketsByUser: 2}, nil, nil)})
		a := h.wall.hang("Nocturne")
		token, who := h.wall.enrol("frida", time.Hour)
		second, _ := h.wall.again(who)
		other, _ := h.wall.enrol("diego", time.Hour)
		h.listen(t, token, "")
		h.dial(t, "/ws/artwork/"+a.ID+"/?token="+second).next()
		h.wantRefusal(t, "/ws/notifications/?token="+second, nil, http.StatusTooManyRequests)
		h.wantRefusal(t, "/ws/artwork/"+a.ID+"/?token="+token, nil, http.StatusTooManyRequests)
		h.watch(t, a.ID)
		h.listen(t, other, "")
		h.stop()
		if got := h.limits.SocketsByUser.Held(who.User.ID); got != 0 {
			t.Errorf("sockets counted when all have gone: got %d, want 0", got)
		}
	})
	t.Run("messages per socket", func(t *testing.T) {
		h := openHouse(t, websockets.Settings{Limits: ratelimit.New(ratelimit.Off(), nil, nil)})
		a := h.wall.hang("Nocturne")
		loud, _ := h.watch(t, a.ID)
		calm, _ := h.watch(t, a.ID)
		for range ratelimit.Off().MessagesBySocket.Burst + 20 {
			loud.say(`{"type": "x"}`)
		}
		loud.wantClose(websockets.CloseTooMany)
		calm.quiet()
	})
}
