// Package hubs is what the plain hubs on popular WebSocket libraries have in
// common: where sockets come and where payloads are published. Each hub is a
// program of its own in a directory named after its library, written as the
// library's own examples do it.
package hubs

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// Serve listens on a free port of the loopback, says which on standard output,
// and never returns. GET /t/TOPIC is a socket's, POST /t/TOPIC publishes its
// body.
func Serve(open func(w http.ResponseWriter, r *http.Request, topic string), publish func(topic string, payload []byte)) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /t/{topic}", func(w http.ResponseWriter, r *http.Request) { open(w, r, r.PathValue("topic")) })
	mux.HandleFunc("POST /t/{topic}", func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		publish(r.PathValue("topic"), payload)
		w.WriteHeader(http.StatusAccepted)
	})
	fmt.Println(listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}

// Rooms are the hubs of topics, made when they are first asked for. The zero
// value has none. It is safe for concurrent use.
type Rooms[T any] struct {
	mu    sync.Mutex
	rooms map[string]T
}

// Get is the hub of a topic.
func (r *Rooms[T]) Get(topic string, make func() T) T {
	r.mu.Lock()
	defer r.mu.Unlock()
	room, found := r.rooms[topic]
	if !found {
		room = make()
		if r.rooms == nil {
			r.rooms = map[string]T{}
		}
		r.rooms[topic] = room
	}
	return room
}
