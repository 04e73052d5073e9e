//go:build unix

package servers

import (
	"syscall"
	"testing"
)

// Pause stops the server in the middle of what it does: connections stay and
// are accepted, and nothing is answered until [RedisServer.Resume].
func (r *RedisServer) Pause(t testing.TB) { t.Helper(); r.daemon.signal(t, syscall.SIGSTOP) }

// Resume has a paused server go on.
func (r *RedisServer) Resume(t testing.TB) { t.Helper(); r.daemon.signal(t, syscall.SIGCONT) }
