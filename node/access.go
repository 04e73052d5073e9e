package node

import (
	"log/slog"
	"net/http"
	"time"
)

// answer watches what a handler answers, for the access log and for the
// recovery of a panic. Everything else about the ResponseWriter is reached
// through Unwrap, as http.ResponseController does.
type answer struct {
	http.ResponseWriter
	status int // 0 until something was answered
}

func (a *answer) WriteHeader(status int) {
	// An informational answer (1xx) goes before the real one.
	if a.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// access writes a line for each request, at debug level: method, path, status,
// duration. Never the query, a header or a body: tokens and passwords travel
// there. A socket's line is written when its handshake is over, with status 0
// when the connection was taken over.
func access(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		a := &answer{ResponseWriter: w}
		start := time.Now()
		defer func() {
			log.DebugContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path,
				"status", a.status, "duration", time.Since(start))
		}()
		next.ServeHTTP(a, r)
	})
}
