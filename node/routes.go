package node

import (
	"net/http"

	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/problem"
)

// routes is the whole house: who answers what.
func (n *Node) routes(origins *origin.Policy, rest, pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", n.healthz)
	mux.HandleFunc("GET /readyz", n.readyz)
	mux.Handle("/api/", rest)
	mux.Handle("/docs", rest)
	mux.Handle("/docs/", rest)
	mux.Handle("/", pages)

	// The sockets stand beside the mux, not in it: it would answer a path like
	// /ws//artwork/… with a redirect, which no WebSocket client follows, and a
	// malformed address with a page.
	quiet := patient(writePatience, mux)
	split := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isSocketPath(r.URL.Path) {
			// The deadline of the request before this one on the same
			// connection must not cut the handshake.
			newPatientWriter(w, writePatience).extend()
			n.sockets.ServeHTTP(w, r)
			return
		}
		quiet.ServeHTTP(w, r)
	})
	log := n.config.Log
	return access(log, recovered(log, origins.Guard(split, problem.WriteStatus)))
}

func isSocketPath(path string) bool {
	return path == "/ws" || (len(path) > 3 && path[:4] == "/ws/")
}
