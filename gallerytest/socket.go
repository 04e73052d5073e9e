package gallerytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Patience is how long a socket waits for what must come. It is far above what
// the gallery promises: a test that is about time measures it itself.
const Patience = 15 * time.Second

// Message is anything a socket is told. Which fields are set depends on Type.
type Message struct {
	Type       string
	IsRevealed bool `json:"is_revealed"`
	Artwork    struct {
		ID, Title, Artist string
		IsRevealed        bool `json:"is_revealed"`
	}
	Message string
	Data    struct {
		Type      string
		ArtworkID string `json:"artwork_id"`
		CommentID string `json:"comment_id"`
		User      string
		ViewCount int64 `json:"view_count"`
	}
	ID  string
	Seq int64

	Raw      string    `json:"-"`
	Received time.Time `json:"-"`
}

// Socket is an open socket of the gallery. It reads all the time, so that a
// test that looks elsewhere is no slow client, and keeps everything it was told.
type Socket struct {
	conn *websocket.Conn
	done chan struct{} // closed when nothing more comes

	mu       sync.Mutex
	log      []Message
	next     int           // index in log of what Next returns
	arrived  chan struct{} // closed and replaced when something arrives
	closing  error         // why nothing more comes
	closedAt time.Time
}

// Watch opens an artwork's socket, with the person's token when there is one.
func (p *Person) Watch(t testing.TB, artworkID string) *Socket {
	t.Helper()
	return p.Dial(t, "/ws/artwork/"+artworkID+"/"+p.query(""))
}

// Listen opens the person's notifications socket and takes the welcome. since
// is the last seq already known; below zero it is left out.
func (p *Person) Listen(t testing.TB, since int64) *Socket {
	t.Helper()
	extra := ""
	if since >= 0 {
		extra = fmt.Sprintf("since=%d", since)
	}
	s := p.Dial(t, "/ws/notifications/"+p.query(extra))
	s.Expect(t, "welcome")
	return s
}

func (p *Person) query(extra string) string {
	var parts []string
	if p.Access != "" {
		parts = append(parts, "token="+url.QueryEscape(p.Access))
	}
	if extra != "" {
		parts = append(parts, extra)
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

// Dial opens a socket at a path with its query and nothing else. The socket
// ends with the test.
func (h House) Dial(t testing.TB, path string) *Socket {
	t.Helper()
	s, status, err := h.TryDial(path)
	if err != nil {
		place, _, _ := strings.Cut(path, "?")
		t.Fatalf("open %s: status %d: %v", place, status, err)
	}
	t.Cleanup(s.Close)
	return s
}

// TryDial is Dial for whoever expects a refusal; status is that of the
// handshake, 0 without an answer. The caller closes the socket.
func (h House) TryDial(path string) (s *Socket, status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(h.URL, "http")+path, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: h.Client.Transport},
	})
	if response != nil {
		status = response.StatusCode
	}
	if err != nil {
		return nil, status, err
	}
	s = &Socket{conn: conn, done: make(chan struct{}), arrived: make(chan struct{})}
	go s.read()
	return s, status, nil
}

func (s *Socket) read() {
	defer close(s.done)
	for {
		// Ended by Close, which every socket gets.
		_, content, err := s.conn.Read(context.Background())
		now := time.Now()
		var m Message
		if err == nil {
			err = json.Unmarshal(content, &m)
		}
		m.Raw, m.Received = string(content), now
		s.mu.Lock()
		if err != nil {
			s.closing, s.closedAt = err, now
		} else {
			s.log = append(s.log, m)
		}
		close(s.arrived)
		s.arrived = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Next returns the next message that was not returned yet, and ends the test
// when none comes.
func (s *Socket) Next(t testing.TB) Message {
	t.Helper()
	m, err := s.wait(Patience)
	if err != nil {
		t.Fatalf("wait for a message: %v", err)
	}
	return m
}

// Expect is Next for a message of a type that must come now.
func (s *Socket) Expect(t testing.TB, kind string) Message {
	t.Helper()
	m := s.Next(t)
	if m.Type != kind {
		t.Fatalf("got message %s, want one of type %s", m.Raw, kind)
	}
	return m
}

var errQuiet = errors.New("nothing came")

func (s *Socket) wait(patience time.Duration) (Message, error) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		arrived, closing := s.arrived, s.closing
		if s.next < len(s.log) {
			m := s.log[s.next]
			s.next++
			s.mu.Unlock()
			return m, nil
		}
		s.mu.Unlock()
		if closing != nil {
			return Message{}, closing
		}
		select {
		case <-arrived:
		case <-timeout.C:
			return Message{}, errQuiet
		}
	}
}

// Log is everything the socket was told so far.
func (s *Socket) Log() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Count is how many messages of a type the socket was told so far.
func (s *Socket) Count(kind string) int {
	n := 0
	for _, m := range s.Log() {
		if m.Type == kind {
			n++
		}
	}
	return n
}

// Settle has the server answer, so that everything it sent before is here
// afterwards. For artwork sockets.
func (s *Socket) Settle(t testing.TB) {
	t.Helper()
	before := s.Count("artwork_status")
	s.Send(t, `{"type":"check_status"}`)
	deadline := time.Now().Add(Patience)
	for s.Count("artwork_status") == before {
		if time.Now().After(deadline) {
			t.Fatalf("no answer to check_status in %v", Patience)
		}
		time.Sleep(time.Millisecond)
	}
}

// Send sends a text message.
func (s *Socket) Send(t testing.TB, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		t.Fatalf("send %s: %v", text, err)
	}
}

// Closed waits until the server has closed the socket, and returns the close
// code (-1 when the connection just ended) and the time.
func (s *Socket) Closed(t testing.TB) (code int, at time.Time) {
	t.Helper()
	select {
	case <-s.done:
	case <-time.After(Patience):
		t.Fatalf("the socket is still open after %v", Patience)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(websocket.CloseStatus(s.closing)), s.closedAt
}

// CloseCode is the code the server closed the socket with, -1 while it is open
// or when the connection just ended.
func (s *Socket) CloseCode() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(websocket.CloseStatus(s.closing))
}

// IsOpen tells that the server has not closed the socket yet.
func (s *Socket) IsOpen() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// Done is closed when nothing more comes.
func (s *Socket) Done() <-chan struct{} { return s.done }

// Close cuts the connection and waits until nothing of it is left.
func (s *Socket) Close() {
	_ = s.conn.CloseNow() // it may have been closed by the other side already
	<-s.done
}
