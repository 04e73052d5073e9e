// Gws is a hub on lxzan/gws with its Broadcaster, which encodes a message once
// and has each connection's own queue write it, and with its concurrent map of
// connections.
package main

import (
	"net/http"
	"time"

	"github.com/lxzan/gws"

	"invisibleart.example/gallery/bench/hubs"
)

const (
	pingEvery = 25 * time.Second
	patience  = 60 * time.Second
)

// room is one topic.
type room struct {
	members *gws.ConcurrentMap[*gws.Conn, struct{}]
}

func newRoom() *room { return &room{gws.NewConcurrentMap[*gws.Conn, struct{}](16, 128)} }

// events are what the library tells of its connections.
type events struct {
	gws.BuiltinEventHandler
}

const roomKey = "room"

func (events) OnOpen(socket *gws.Conn) { _ = socket.SetDeadline(time.Now().Add(patience)) }

func (events) OnClose(socket *gws.Conn, _ error) {
	if r, found := socket.Session().Load(roomKey); found {
		r.(*room).members.Delete(socket)
	}
}

func (events) OnPing(socket *gws.Conn, payload []byte) {
	_ = socket.SetDeadline(time.Now().Add(patience))
	_ = socket.WritePong(payload)
}

func (events) OnPong(socket *gws.Conn, _ []byte) { _ = socket.SetDeadline(time.Now().Add(patience)) }

func (events) OnMessage(_ *gws.Conn, message *gws.Message) { message.Close() }

// ping keeps the sockets of a room awake.
func (r *room) ping() {
	for range time.Tick(pingEvery) {
		r.members.Range(func(socket *gws.Conn, _ struct{}) bool {
			_ = socket.WritePing(nil)
			return true
		})
	}
}

func main() {
	var rooms hubs.Rooms[*room]
	open := func() *room {
		r := newRoom()
		go r.ping()
		return r
	}
	upgrader := gws.NewUpgrader(events{}, &gws.ServerOption{})
	hubs.Serve(func(w http.ResponseWriter, r *http.Request, topic string) {
		socket, err := upgrader.Upgrade(w, r)
		if err != nil {
			return // it has answered
		}
		room := rooms.Get(topic, open)
		socket.Session().Store(roomKey, room)
		room.members.Store(socket, struct{}{})
		go socket.ReadLoop() // not here: the request would be kept as long as the socket
	}, func(topic string, payload []byte) {
		b := gws.NewBroadcaster(gws.OpcodeText, payload)
		rooms.Get(topic, open).members.Range(func(socket *gws.Conn, _ struct{}) bool {
			_ = b.Broadcast(socket)
			return true
		})
		_ = b.Close()
	})
}
