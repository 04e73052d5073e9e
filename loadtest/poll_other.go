//go:build !linux

package loadtest

const hasEpoll = false

// newPoll is never called: Config is refused where Epoll is asked for.
func newPoll(*Swarm, target) engine { return nil }
