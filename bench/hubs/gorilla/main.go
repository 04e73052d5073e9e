// Gorilla is a hub on gorilla/websocket in the shape of its chat example: a
// goroutine for the room, which owns the set of its members; two for each
// member, one that reads and one that writes what waits in a channel of 256.
package main

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"invisibleart.example/gallery/bench/hubs"
)

const (
	writePatience = 10 * time.Second
	pongPatience  = 60 * time.Second
	pingEvery     = 54 * time.Second
)

// room is one topic.
type room struct {
	enter, leave chan *member
	say          chan []byte
}

type member struct {
	room    *room
	conn    *websocket.Conn
	waiting chan []byte
}

func newRoom() *room {
	r := &room{enter: make(chan *member), leave: make(chan *member), say: make(chan []byte)}
	go r.run()
	return r
}

func (r *room) run() {
	members := map[*member]bool{}
	drop := func(m *member) {
		if members[m] {
			delete(members, m)
			close(m.waiting)
		}
	}
	for {
		select {
		case m := <-r.enter:
			members[m] = true
		case m := <-r.leave:
			drop(m)
		case payload := <-r.say:
			for m := range members {
				select {
				case m.waiting <- payload:
				default: // too slow
					drop(m)
				}
			}
		}
	}
}

// read takes what the client says, which is nothing but pongs, and notices its
// end.
func (m *member) read() {
	defer func() {
		m.room.leave <- m
		m.conn.Close()
	}()
	m.conn.SetReadLimit(512)
	awake := func(string) error { return m.conn.SetReadDeadline(time.Now().Add(pongPatience)) }
	_ = awake("")
	m.conn.SetPongHandler(awake)
	for {
		if _, _, err := m.conn.ReadMessage(); err != nil {
			return
		}
	}
}

func (m *member) write() {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	defer m.conn.Close()
	for {
		kind, payload := websocket.PingMessage, []byte(nil)
		select {
		case waiting, open := <-m.waiting:
			kind, payload = websocket.TextMessage, waiting
			if !open {
				kind = websocket.CloseMessage
			}
		case <-ticker.C:
		}
		_ = m.conn.SetWriteDeadline(time.Now().Add(writePatience)) // fails only with the connection, and so does what follows
		if err := m.conn.WriteMessage(kind, payload); err != nil || kind == websocket.CloseMessage {
			return
		}
	}
}

func main() {
	var rooms hubs.Rooms[*room]
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	hubs.Serve(func(w http.ResponseWriter, r *http.Request, topic string) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // it has answered
		}
		m := &member{rooms.Get(topic, newRoom), conn, make(chan []byte, 256)}
		m.room.enter <- m
		go m.write()
		go m.read()
	}, func(topic string, payload []byte) {
		rooms.Get(topic, newRoom).say <- payload
	})
}
