// Coder is a hub on coder/websocket in the shape of its chat example: a set of
// subscribers behind a mutex, a channel of 16 messages for each, and the
// handler's goroutine that writes what comes out of it while CloseRead watches
// for the end.
package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"invisibleart.example/gallery/bench/hubs"
)

// room is one topic.
type room struct {
	mu      sync.Mutex
	members map[*member]struct{}
}

type member struct {
	waiting chan []byte
	tooSlow func()
}

func newRoom() *room { return &room{members: map[*member]struct{}{}} }

func (r *room) publish(payload []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for m := range r.members {
		select {
		case m.waiting <- payload:
		default:
			go m.tooSlow()
		}
	}
}

func (r *room) subscribe(ctx context.Context, conn *websocket.Conn) error {
	ctx = conn.CloseRead(ctx)
	m := &member{make(chan []byte, 16), func() {
		conn.Close(websocket.StatusPolicyViolation, "too slow")
	}}
	r.mu.Lock()
	r.members[m] = struct{}{}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.members, m)
		r.mu.Unlock()
	}()
	for {
		select {
		case payload := <-m.waiting:
			if err := write(ctx, conn, payload); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func write(ctx context.Context, conn *websocket.Conn, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, payload)
}

func main() {
	var rooms hubs.Rooms[*room]
	hubs.Serve(func(w http.ResponseWriter, r *http.Request, topic string) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // it has answered
		}
		defer conn.CloseNow()
		_ = rooms.Get(topic, newRoom).subscribe(r.Context(), conn) // it ends with the socket
	}, func(topic string, payload []byte) {
		rooms.Get(topic, newRoom).publish(payload)
	})
}
