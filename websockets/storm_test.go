package websockets_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	client "github.com/coder/websocket"

	"invisibleart.example/gallery/websockets"
)

// TestRevealStorm: a hundred sockets on one work, twenty times over, told of
// the reveal by racing relays while they ask for the status, and while others
// still open.
func TestRevealStorm(t *testing.T) {
	const rounds, sockets = 20, 100
	h := openHouse(t, websockets.Settings{})
	for round := range rounds {
		a := h.wall.hang(fmt.Sprintf("round %d", round))
		early := make([]*socket, sockets)
		for i := range early {
			early[i], _ = h.watch(t, a.ID)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { h.tellReveal(t, h.wall.reveal(a.ID)) })
		}
		all.Go(h.broker.resubscribe)
		for _, s := range early[:sockets/2] {
			all.Go(func() { s.say(`{"type": "check_status"}`) })
		}
		late := make([]*socket, 10)
		for i := range late {
			all.Go(func() {
				s, _, err := h.try(t, "/ws/artwork/"+a.ID+"/", nil)
				if err != nil {
					t.Errorf("open while the work reveals: %v", err)
					return
				}
				late[i] = s
			})
		}
		all.Wait()
		if t.Failed() {
			return // a late socket may be missing
		}
		// The work is gone now, so the next answer is the last.
		h.wall.take(a.ID)
		for _, s := range append(early, late...) {
			s.say(`{"type": "check_status"}`)
		}
		for i, s := range early {
			checkReveal(t, fmt.Sprintf("round %d, socket %d", round, i), append([]string{"artwork_status false"}, s.history()...))
		}
		for i, s := range late {
			checkReveal(t, fmt.Sprintf("round %d, late socket %d", round, i), s.history())
		}
	}
}

// history takes messages until the socket is closed because the work is gone.
func (s *socket) history() (heard []string) {
	s.t.Helper()
	for {
		m, err := s.read()
		if err != nil {
			if got, want := client.CloseStatus(err), websockets.CloseDeleted; int(got) != want {
				s.t.Errorf("after %v: got %v, want close code %d", heard, err, want)
			}
			return heard
		}
		if hasType(m, "artwork_status") {
			heard = append(heard, fmt.Sprint("artwork_status ", m["is_revealed"]))
		} else {
			heard = append(heard, fmt.Sprint(m["type"]))
		}
	}
}

// checkReveal checks what one socket heard from first to last: it begins with a
// status; where that is false, statuses that are false, then one
// artwork_revealed, then statuses that are true; where it is true, only those.
func checkReveal(t *testing.T, who string, heard []string) {
	t.Helper()
	text := strings.Join(heard, ", ") + ", "
	whole := regexp.MustCompile(`^((artwork_status false, )+artwork_revealed, |artwork_status true, )(artwork_status true, )*$`)
	if !whole.MatchString(text) {
		t.Errorf("%s: heard %s want the reveal once and nothing taken back", who, text)
	}
}
