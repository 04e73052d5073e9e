// Package loadtest is a crowd of WebSocket clients: many sockets for little
// memory and little processor time, because whoever measures a server shares
// the machine with it more often than not.
//
// The core is [Swarm], which knows nothing of the gallery: N client sockets
// (RFC 6455) to one address, opened at a bounded pace, their messages handed to
// a callback with the time they were read at. On Linux one goroutine serves all
// of them through epoll; elsewhere, and for TLS, each has a goroutine.
//
//	swarm, err := loadtest.NewSwarm(loadtest.Config{
//		Address: "127.0.0.1:8080",
//		Sockets: 10_000,
//		Path:    func(int) string { return "/ws/artwork/" + id + "/" },
//		OnMessage: func(socket int, at int64, payload []byte) { … },
//	})
//	…
//	go swarm.Run(ctx)      // ends when ctx does
//	<-swarm.Settled()      // every socket is open, or was given up
//	swarm.Send(7, []byte(`{"type":"check_status"}`))
//
// The package shares no code with the server, so that a misunderstanding of the
// protocol cannot hide on both sides.
package loadtest
