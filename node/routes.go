package node

import (
	"net/http"
	"strings"

	"invisibleart.example/gallery/origin"
	"invisibleart.example/gallery/problem"
)

// routes is the whole house: who answers what.
func (n *Node) routes(origins *origin.Policy, rest, pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", n.healthz)
	mux.HandleFunc("GET /readyz", n.readyz)
	mux.Handle("/", pages)

	// The sockets and the API stand beside the mux, not in it: it would answer a
	// path like /ws//artwork/… with a redirect, which no WebSocket client
	// follows and no contract knows, and a malformed address with a page.
	quiet, rest := patient(writePatience, mux), patient(writePatience, rest)
	split := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions && r.RequestURI == "*" { // of the server as a whole, which net/http leaves to us
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if isUnder("/api", r.URL.Path) || isUnder("/docs", r.URL.Path) {
			rest.ServeHTTP(w, r)
			return
		}
		if isUnder("/ws", r.URL.Path) {
			// The deadline of the request before this one on the same
			// connection must not cut the handshake.
			newPatientWriter(w, writePatience).extend()
			n.sockets.ServeHTTP(w, r)
			return
		}
		quiet.ServeHTTP(w, r)
	})
	log := n.config.Log
	return attend(access(log, recovered(log, origins.Guard(split, problem.WriteStatus))))
}

// isUnder tells whether a path is the given one or below it.
func isUnder(root, path string) bool {
	rest, found := strings.CutPrefix(path, root)
	return found && (rest == "" || rest[0] == '/')
}
