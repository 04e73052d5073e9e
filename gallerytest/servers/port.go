package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// freePort finds a port on which nobody listens, nor ten thousand above it,
// which is where a node of a Redis Cluster talks to the others.
//
// It is below the range from which systems take the ports of outgoing
// connections: a server that is stopped must find its port free when it starts
// again. Two test processes may find the same one; so whoever starts a server
// for the first time tries again with another port.
func freePort() (int, error) {
	for range 1000 {
		port := 10_000 + rand.IntN(11_000)
		if isFree(port) && isFree(port+10_000) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: none of 1000 is")
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// attempts is how often a server is started anew on another port.
const attempts = 5

// onFreePort starts something on a free port, and on another one when that did
// not work.
func onFreePort(start func(port int) error) error {
	var failed error
	for range attempts {
		port, err := freePort()
		if err != nil {
			return err
		}
		if failed = start(port); failed == nil {
			return nil
		}
	}
	return failed
}
