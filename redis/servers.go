package redis

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/rueidis"
)

// server is one Redis of those we know: the only one, the master that the
// Sentinels name, or any of a Cluster.
type server struct {
	address string
	client  rueidis.Client // talks to this one alone
	master  bool
	// history is Redis' replication id: another one means that the process is
	// another, by a restart or a fail-over.
	history string
}

// errReplica is why a stand-alone server, or the one that the Sentinels named,
// is of no use: what is published on a replica is heard by nobody else.
var errReplica = errors.New("the server is a replica")

// survey asks all known servers who they are, at once, and returns those that
// answered within [patience]. An error means that there is no master among
// them.
func survey(ctx context.Context, remote rueidis.Client) ([]server, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	nodes := remote.Nodes()
	type result struct {
		server server
		err    error
	}
	results := make(chan result, len(nodes))
	for address, node := range nodes {
		go func() {
			s, err := identify(ctx, node)
			s.address = address
			results <- result{s, err}
		}()
	}
	var answered []server
	masters, failure := 0, errors.New("no server is known")
	for range nodes {
		r := <-results
		switch {
		case r.err != nil:
			failure = r.err
			continue
		case r.server.master:
			masters++
		case len(nodes) == 1:
			failure = errReplica
		}
		answered = append(answered, r.server)
	}
	if masters == 0 {
		return answered, failure
	}
	return answered, nil
}

func identify(ctx context.Context, node rueidis.Client) (server, error) {
	info, err := node.Do(ctx, node.B().Info().Section("replication").Build()).ToString()
	if err != nil {
		return server{}, err
	}
	s := server{client: node}
	for line := range strings.Lines(info) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name {
		case "role":
			s.master = value == "master"
		case "master_replid":
			s.history = value
		}
	}
	return s, nil
}
