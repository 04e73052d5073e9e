package node

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"invisibleart.example/gallery/problem"
)

// recovered keeps a bug in one request from ending the node: the panic is
// logged with its stack and answered with 500. When something was answered
// already, the connection is cut, so that nobody takes half an answer for a
// whole one.
func recovered(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w}
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { // a handler's way to cut the connection, and no bug
				panic(p)
			}
			log.ErrorContext(r.Context(), "panic in a request", "method", r.Method, "path", r.URL.Path,
				"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if a.status != 0 {
				panic(http.ErrAbortHandler)
			}
			problem.Write(a, r, fmt.Errorf("panic in a request"), nil)
		}()
		next.ServeHTTP(a, r)
	})
}
