//go:build unix && !linux && !darwin

package websockets

import "syscall"

// limitUnsent does nothing: this system has no such option.
func limitUnsent(syscall.RawConn) {}
