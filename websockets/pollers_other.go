//go:build !linux

package websockets

import (
	"context"
	"net"
)

// pollers are nobody: a goroutine waits at each socket here.
type pollers struct{}

type polledLink struct{ Conn }

func (*pollers) take(net.Conn) *polledLink { return nil }

func (*pollers) wait(context.Context) error { return nil }
